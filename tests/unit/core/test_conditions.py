"""Conditions as laws: negation, De Morgan, totality over any JSON; and what cannot be compiled."""

from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import NOON, an_event

from ensue.core.conditions import tree, values
from ensue.core.conditions.fields import ROOTS, parse_field
from ensue.core.conditions.match import matches
from ensue.core.conditions.registry import OPERATORS
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
NAMES = st.sampled_from(["a", "b", "c"])
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=10
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: ("data", *names))


TEXTS = st.text(max_size=5)
NUMBERS = st.integers() | st.floats(allow_nan=False)
RIGHT_HAND_SIDES: dict[object, st.SearchStrategy[Json]] = {
    values.as_any: ANY_JSON,
    values.as_text: TEXTS,
    values.as_text_or_number: TEXTS | NUMBERS,
    values.as_flag: st.booleans(),
    values.as_scalars: st.lists(SCALARS, min_size=1, max_size=3),
    values.as_texts: st.lists(TEXTS, min_size=1, max_size=3),
    values.as_range: st.tuples(NUMBERS, NUMBERS).map(sorted) | st.tuples(TEXTS, TEXTS).map(sorted),
}
LEAVES = st.sampled_from(sorted(OPERATORS)).flatmap(
    lambda name: st.builds(tree.Test, PATHS, st.just(name), RIGHT_HAND_SIDES[OPERATORS[name].parse])
)


def _takes(name: str, value: Json) -> bool:
    try:
        OPERATORS[name].parse(value)
    except InvalidValue:
        return False
    return True


CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        inner.map(tree.Not)
        | st.lists(inner, max_size=3).map(lambda members: tree.All(tuple(members)))
        | st.lists(inner, max_size=3).map(lambda members: tree.Any(tuple(members)))
    ),
    max_leaves=5,
)


@given(CONDITIONS, ANY_JSON)
def test_every_condition_has_a_verdict_on_every_event(condition: tree.Condition, data: Json) -> None:
    event = an_event(data=data)
    assert matches(condition, event, NOON) is (not matches(tree.Not(condition), event, NOON))


@pytest.mark.requirement("R3.3")
@given(CONDITIONS, CONDITIONS, ANY_JSON)
def test_all_any_and_not_nest_as_logic_has_it(left: tree.Condition, right: tree.Condition, data: Json) -> None:
    event = an_event(data=data)
    one, other = matches(left, event, NOON), matches(right, event, NOON)
    assert matches(tree.All((left, right)), event, NOON) is (one and other)
    assert matches(tree.Any((left, right)), event, NOON) is (one or other)
    none_of_both = tree.All((tree.Not(left), tree.Not(tree.Any((right, left)))))
    assert matches(none_of_both, event, NOON) is not (one or other)


@given(st.integers() | st.floats(allow_nan=False), st.integers() | st.floats(allow_nan=False))
def test_numbers_compare_as_mathematics_has_it(actual: float, wanted: float) -> None:
    event = an_event(data={"n": actual})
    for name in ("gt", "lt"):
        assert matches(tree.Test(("data", "n"), name, wanted), event, NOON) is getattr(operator, name)(actual, wanted)
    assert matches(tree.Test(("data", "n"), "eq", wanted), event, NOON) is (actual == wanted)


@pytest.mark.requirement("R3.8")
def test_missing_null_and_wrong_type_are_told_apart() -> None:
    event = an_event(data={"nothing": None, "text": "x"})
    verdicts = {
        (name, field): matches(tree.Test(("data", field), name, value), event, NOON)
        for field in ("gone", "nothing", "text")
        for name, value in (("gt", 1), ("exists", True), ("is_null", True))
    }
    assert verdicts == {
        ("gt", "gone"): False,
        ("exists", "gone"): False,
        ("is_null", "gone"): False,
        ("gt", "nothing"): False,
        ("exists", "nothing"): True,
        ("is_null", "nothing"): True,
        ("gt", "text"): False,
        ("exists", "text"): True,
        ("is_null", "text"): False,
    }
    assert matches(tree.Not(tree.Test(("data", "gone"), "gt", 1)), event, NOON)


@pytest.mark.parametrize("path", [("nowhere",), ("type", "x"), ("extensions", "a")])
def test_a_field_that_no_event_has_does_not_compile(path: tuple[str, ...]) -> None:
    with pytest.raises(InvalidValue, match="no such field"):
        matches(tree.Test(path, "exists", value=True), an_event(), NOON)


def test_an_unknown_operator_does_not_compile() -> None:
    with pytest.raises(InvalidValue, match="no such operator: resembles"):
        matches(tree.Test(("type",), "resembles", "x"), an_event(), NOON)


@pytest.mark.parametrize("text", ["", ".", "data.", ".data", "data..a", "nowhere.a", "type.a", "Data.a"])
def test_what_is_no_field_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_field(text)


@pytest.mark.parametrize("root", ROOTS)
def test_every_root_is_a_field(root: str) -> None:
    assert parse_field(root) == tree.FieldRef((root,))


def test_operators_refuse_right_hand_sides_that_could_never_match() -> None:
    wrong: dict[str, list[Json]] = {
        "gt": [True, None, [], {}],
        "between": [1, [1], [1, 2, 3], [2, 1], [1, "2"], [True, 2], ["b", "a"]],
        "in": [[], 1, "abc", [[1]], [{}]],
        "in_ci": [[1], [], "a"],
        "starts_with": [1, None, ["a"]],
        "exists": [1, "true", None],
        "eq_ci": [1],
    }
    assert [(name, value) for name, sides in wrong.items() for value in sides if _takes(name, value)] == []
