"""Random conditions (as documents) and events in one small world, so that they often meet. For property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from tests.support.condition_table import CALENDARS

from ensue.core.json import Json

NAMES = st.sampled_from(["a", "b", "c", "a.b", 'q"'])
LETTERS = st.text(st.sampled_from("aAbBß éE\u0301*%_\\.10é"), max_size=4)
INSTANTS = st.sampled_from([
    "2026-07-01T12:00:00Z", "2026-07-01T11:59:30.5Z", "2026-07-01T14:00:00+02:00", "2026-07-04T23:30:00Z",
    "2026-06-30T22:30:00-05:00", "2026-12-25T08:00:00+01:00", "2026-02-30T12:00:00Z", "2026-07-01", "now",
])  # fmt: skip
ADDRESSES = st.sampled_from(["10.1.2.3", "10.1.2.3/8", "192.168.0.1", "2001:db8::1", "::ffff:10.0.0.1", "10.01.2.3"])
TEXTS = LETTERS | INSTANTS | ADDRESSES | st.text(st.characters(exclude_categories=["Cs"], min_codepoint=1), max_size=3)
# A fraction beyond 2^53 is kept by the journal as its shortest decimal: docs/conditions.md says so.
NUMBERS = (
    st.integers(-3, 3) | st.sampled_from([0.0, -0.0, 1.0, 0.5, -2.5, 2**53 + 1, 10**20]) | st.integers()
    | st.floats(-(2.0**53), 2.0**53, allow_subnormal=False)
)  # fmt: skip
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
JSON: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
IMAGES = st.none() | st.dictionaries(NAMES, JSON, max_size=3) | JSON
EVENT_DATA = JSON | st.fixed_dictionaries({"before": IMAGES, "after": IMAGES})
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "data": st.dictionaries(NAMES, JSON, max_size=4) | EVENT_DATA,
        "subject": st.sampled_from(["a", "A", "1", "10.1.2.3"]),
        "time": st.sampled_from(["2026-07-01T12:00:00Z", "2026-07-01T11:59:30.5Z", "2026-07-04T01:30:00+02:00"]),
    },
)

_ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"])
_DAYS = st.lists(st.sampled_from(["mon", "wed", "saturday", "Sunday"]), min_size=1, max_size=2)
_HOURS = st.lists(st.sampled_from(["00:00", "09:30", "12:00", "23:59"]), min_size=2, max_size=2, unique=True)
_SAME_TYPE = st.lists(NUMBERS, min_size=2, max_size=2).map(sorted) | st.lists(TEXTS, min_size=2, max_size=2).map(sorted)
_RIGHT_INSTANTS = st.sampled_from(["2026-07-01T12:00:00Z", "2026-07-01T13:59:59.5+02:00", "2026-12-25T08:00:00+01:00"])
_VALUES: dict[str, st.SearchStrategy[Json]] = {
    **dict.fromkeys(["eq", "neq", "contains", "changed_to", "changed_from"], JSON),
    **dict.fromkeys(["in", "not_in"], st.lists(SCALARS, min_size=1, max_size=3)),
    **dict.fromkeys(["gt", "gte", "lt", "lte"], TEXTS | NUMBERS),
    "between": _SAME_TYPE,
    **dict.fromkeys(["starts_with", "ends_with", "starts_with_ci", "ends_with_ci", "contains_ci"], TEXTS),
    **dict.fromkeys(["eq_ci", "neq_ci"], TEXTS),
    **dict.fromkeys(["in_ci", "not_in_ci"], st.lists(TEXTS, min_size=1, max_size=3)),
    **dict.fromkeys(["exists", "is_null", "empty", "changed"], st.booleans()),
    "wildcard": st.sampled_from(["*", "a*", "*a", "a*b", "*a*", "\\*", "a%*", "_*", "abc", ""]),
    "regex": st.sampled_from(["a", "^a", "1$", "a.b", "^$", "[0-9]+", "(?i)ab"]),
    "cidr": st.sampled_from(["10.0.0.0/8", "2001:db8::/32", ["10.1.2.3/32", "192.168.0.0/16"]]),
    **dict.fromkeys(["before", "after"], _RIGHT_INSTANTS),
    "within_last": st.sampled_from(["1m", "1h30m", 3600, 0.5, "400d"]),
    "weekday": _DAYS | st.fixed_dictionaries({"days": _DAYS, "zone": _ZONES}),
    "time_between": _HOURS | st.tuples(_HOURS, _ZONES).map(
        lambda pair: {"from": pair[0][0], "until": pair[0][1], "zone": pair[1]}
    ),
    "calendar": st.sampled_from(sorted(CALENDARS))
    | st.fixed_dictionaries({"name": st.just("holidays"), "zone": _ZONES}),
}  # fmt: skip
COVERED = frozenset(_VALUES)
TAKES_FIELD = [
    "eq", "neq", "gt", "gte", "lt", "lte", "contains", "starts_with", "ends_with", "eq_ci", "neq_ci", "contains_ci",
    "starts_with_ci", "ends_with_ci", "before", "after",
]  # fmt: skip
_ON_CHANGE = ["changed", "changed_to", "changed_from"]


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace(".", "\\.")


_IN_DATA = st.lists(NAMES, min_size=0, max_size=3).map(lambda names: ".".join(["data", *map(_escaped, names)]))
_PLAIN = _IN_DATA | st.sampled_from(["type", "source", "subject", "time", "id", "entity_type", "now"])
FIELDS = _PLAIN | _PLAIN.map(lambda field: f"length({field})")
_QUANTIFIERS = st.sampled_from(["any", "every", "none"])


def _literal(name: str) -> st.SearchStrategy[dict[str, Any]]:
    if name in _ON_CHANGE:
        fields = st.lists(NAMES, min_size=1, max_size=2).map(lambda names: ".".join(["data", *map(_escaped, names)]))
        changing = fields | fields.map(lambda field: f"length({field})")
        return st.fixed_dictionaries({"field": changing, "op": st.just(name), "value": _VALUES[name]})
    parts: dict[str, st.SearchStrategy[Any]] = {"field": FIELDS, "op": st.just(name), "value": _VALUES[name]}
    return st.fixed_dictionaries(parts if name == "exists" else {**parts, "quantifier": _QUANTIFIERS})


TESTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from(sorted(_VALUES)).flatmap(_literal),
    st.fixed_dictionaries(
        {"field": FIELDS, "op": st.sampled_from(TAKES_FIELD), "value_of": FIELDS, "quantifier": _QUANTIFIERS}
    ),
)
CONDITIONS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    TESTS,
    lambda inner: (
        st.fixed_dictionaries({"not": inner})
        | st.fixed_dictionaries({"all": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
    ),
    max_leaves=4,
)
