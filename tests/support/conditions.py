"""Random conditions and events over one small world, so that they often meet. Used by property tests of conditions."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import strategies as st

from ensue.core.conditions.tree import All, Any, Condition, FieldRef, Not, Quantifier, Test
from ensue.core.event import Event
from ensue.core.json import Json
from ensue.core.lineage import Lineage

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TEXTS = st.sampled_from(["", "a", "ab", "abc", "B", "Ab", "x", "5"])
NUMBERS = st.sampled_from([0, 1, 2, 3, 5, 2.5, -1, 10, 1.0])
SCALARS: st.SearchStrategy[Json] = TEXTS | NUMBERS | st.booleans() | st.none()
PATHS = st.sampled_from([("data", "a"), ("data", "b"), ("data", "a", "c"), ("data", "l"), ("type",), ("subject",)])


def tests() -> st.SearchStrategy[Test]:
    """Tests of all common operators, each with a right-hand side that it takes."""
    return st.one_of(
        st.builds(Test, PATHS, st.sampled_from(["eq", "neq"]), SCALARS, st.sampled_from(Quantifier)),
        st.builds(Test, PATHS, st.sampled_from(["gt", "gte", "lt", "lte"]), TEXTS | NUMBERS),
        st.builds(Test, PATHS, st.sampled_from(["in", "not_in"]), st.lists(SCALARS, min_size=1, max_size=3)),
        st.builds(Test, PATHS, st.just("between"), st.lists(NUMBERS, min_size=2, max_size=2).map(sorted)),
        st.builds(
            Test, PATHS, st.sampled_from(["starts_with", "ends_with", "contains", "eq_ci", "starts_with_ci"]), TEXTS
        ),
        st.builds(Test, PATHS, st.sampled_from(["exists", "is_null", "empty"]), st.booleans()),
        st.builds(Test, PATHS, st.sampled_from(["eq", "gt"]), st.builds(FieldRef, PATHS)),
        st.builds(Test, PATHS, st.sampled_from(["gt", "eq"]), NUMBERS, length=st.sampled_from([True])),
    )


def conditions(leaves: st.SearchStrategy[Condition] | None = None) -> st.SearchStrategy[Condition]:
    """Trees of tests, without an empty `any`."""
    return st.recursive(
        tests() if leaves is None else leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda members: All(tuple(members))),
            st.lists(inner, min_size=1, max_size=3).map(lambda members: Any(tuple(members))),
            inner.map(Not),
        ),
        max_leaves=6,
    )


def data() -> st.SearchStrategy[Json]:
    """Payloads with the fields that the conditions read, of every type."""
    value = SCALARS | st.lists(SCALARS, max_size=3)
    inner = value | st.fixed_dictionaries({}, optional={"c": value})
    return st.fixed_dictionaries(
        {}, optional={"a": inner | st.lists(inner, max_size=2), "b": value, "l": st.lists(inner, max_size=3)}
    )


def events() -> st.SearchStrategy[Event]:
    """Events of one tenant."""
    return st.builds(event, data(), st.sampled_from(["a", "ab", "x"]), st.none() | TEXTS.filter(bool))


def event(data: Json = None, type: str = "a.b", subject: str | None = None) -> Event:  # noqa: A002 - the attribute's name
    """One event; what is left out is the same for all."""
    one = UUID(int=1)
    lineage = Lineage(correlation_id=one, causation_id=None, depth=0)
    return Event(one, "default", "1", "/studio", type, lineage, subject=subject, entity_type="a", data=data)
