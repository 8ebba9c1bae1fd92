"""What conditions say in the cases that people ask about, and what cannot be compiled."""

from __future__ import annotations

import operator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.condition_table import condition_of
from tests.unit.core.world import NOON, a_trigger, an_event

from ensue.core.conditions import tree
from ensue.core.conditions.explain import explain
from ensue.core.conditions.fields import ROOTS, parse_field
from ensue.core.conditions.match import MOST_PAIRS, matches
from ensue.core.conditions.registry import OPERATORS
from ensue.core.decide import decide
from ensue.core.errors import InvalidValue, NoVerdict
from ensue.core.json import Json, JsonObject
from ensue.core.ruleset import Ruleset
from ensue.wire.conditions import parse_condition
from ensue.wire.faults import DocumentInvalid, Faults

NO_ZONES = ["Mars", "localtime", "right/UTC", "../UTC", "", "Europe", None]


def _takes(name: str, value: Json) -> bool:
    try:
        OPERATORS[name].parse(value)
    except InvalidValue:
        return False
    return True


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
        "wildcard": [1, "**", "a**b", "a\\b", "\\", "*a*a*a*a*a*a*a*a*a"],
        "regex": [1, "(", "a{2000}", "(?=a)", "\\1", "((a{100}){100}){100}", "a" * 513, "\ud800", "é" * 257],
        "cidr": ["10.0.0.1", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "::/129", "fe80::%1/64", [], 10, "host/8"],
        "before": ["2026-07-01", "2026-07-01T12:00:00", 1, None, "now"],
        "within_last": [0, "0s", -1, "soon", True, None, {}],
        "weekday": [
            [],
            "monday",
            ["noday"],
            {"day": ["mon"]},
            [1],
            *({"days": ["mon"], "zone": zone} for zone in NO_ZONES),
        ],
        "time_between": [["09:00"], ["09:00", "09:00"], ["9:00", "10:00"], ["24:00", "01:00"], {"from": "09:00"}],
        "calendar": [1, "", {"name": "x", "zone": "../etc/passwd"}, {"name": "x", "days": []}],
        "changed": [1, "yes", None],
    }
    assert [(name, value) for name, sides in wrong.items() for value in sides if _takes(name, value)] == []


@pytest.mark.requirement("R3.5")
def test_a_trigger_unless_it_is_a_weekend_is_quiet_on_saturday_in_its_zone() -> None:
    weekend = {"field": "now", "op": "weekday", "value": {"days": ["saturday", "sunday"], "zone": "Asia/Tokyo"}}
    ruleset = Ruleset.empty().apply([a_trigger(where=condition_of({"not": weekend}))])
    friday = datetime(2026, 3, 6, 14, 59, tzinfo=UTC)  # 23:59 in Tokyo
    saturday = friday + timedelta(minutes=1)
    assert len(decide(ruleset, an_event(), friday).firings) == 1
    assert decide(ruleset, an_event(), saturday).firings == ()
    # The instant is the record's own: reading it again, later, decides the same.
    assert decide(ruleset, an_event(), friday) == decide(ruleset, an_event(), friday)


@pytest.mark.requirement("R3.6")
def test_changes_and_other_fields_are_compared() -> None:
    def holds(document: JsonObject, data: Json) -> bool:
        return matches(condition_of(document), an_event(data=data), NOON)

    approved = {"field": "data.status", "op": "changed_to", "value": "approved"}
    assert holds(approved, {"before": {"status": "draft"}, "after": {"status": "approved"}})
    assert not holds(approved, {"before": {"status": "approved"}, "after": {"status": "approved"}})
    assert holds({"field": "data.status", "op": "changed"}, {"before": {"status": "draft"}, "after": {}})
    assert holds({"field": "data.a", "op": "gt", "value_of": "data.b"}, {"a": 2, "b": 1})
    assert not holds({"field": "data.a", "op": "gt", "value_of": "data.b"}, {"a": 1, "b": 1})


@pytest.mark.requirement("R3.7")
def test_one_item_of_three_is_any_but_neither_every_nor_none() -> None:
    event = an_event(data={"items": [{"kind": "x"}, {"kind": "y"}, {"kind": "z"}]})
    verdicts = {
        quantifier.value: matches(tree.Test(("data", "items", "kind"), "eq", "x", quantifier), event, NOON)
        for quantifier in tree.Quantifier
    }
    assert verdicts == {"any": True, "every": False, "none": False}


def test_a_calendar_that_the_context_lacks_is_refused_and_does_not_compile() -> None:
    faults = Faults()
    parse_condition({"field": "now", "op": "calendar", "value": "holidays"}, "/where", faults)
    with pytest.raises(DocumentInvalid, match="/where/value names no calendar that there is"):
        faults.raise_any()
    with pytest.raises(InvalidValue, match="there is no calendar holidays"):
        matches(tree.Test(("now",), "calendar", {"name": "holidays", "zone": "UTC"}), an_event(), NOON)


@pytest.mark.timeout(5)
def test_the_worst_patterns_take_time_in_step_with_the_text() -> None:
    text = "a" * 100_000
    for operator_name, value in (("regex", "(a*)*(a|a)*b$"), ("wildcard", "*a*a*a*a*a*a*b")):
        assert not matches(tree.Test(("data",), operator_name, value), an_event(data=text), NOON)


def test_two_arrays_are_compared_up_to_a_number_of_pairs_and_err_beyond_it() -> None:
    side = int(MOST_PAIRS**0.5)
    condition = condition_of({"field": "data.a", "op": "eq", "value_of": "data.b"})
    few = an_event(data={"a": list(range(side)), "b": [side - 1] * side})
    many = an_event(data={"a": list(range(side + 1)), "b": [0] * side})
    assert matches(condition, few, NOON)
    with pytest.raises(NoVerdict, match=f"compares {side + 1} values with {side}"):
        matches(condition, many, NOON)
    assert "it has no verdict: compares" in (explain(condition, many, NOON).note or "")
    decisions = decide(Ruleset.empty().apply([a_trigger(where=condition)]), many, NOON)
    assert [error.detail.partition(":")[0] for error in decisions.errors] == ["NoVerdict"]
