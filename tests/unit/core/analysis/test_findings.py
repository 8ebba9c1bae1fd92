"""Findings: what is odd about a condition is named with its place; an error only where nothing could ever match."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.support.conditions import NOW, conditions, event, events

from ensue.core.conditions.analysis.answers import implies
from ensue.core.conditions.analysis.findings import (
    Finding,
    Level,
    Oddity,
    findings_of,
    never_true,
    why_unindexed,
)
from ensue.core.conditions.analysis.selectivity import Selectivity, selectivity
from ensue.core.conditions.match import matches
from ensue.core.conditions.tree import ALWAYS, All, Any, Cel, Condition, Not, Quantifier, Test
from ensue.core.event import Event

SCORE = ("data", "score")
HIGH = Test(SCORE, "gt", 5)
LOW = Test(SCORE, "lt", 3)
MADE = Test(("type",), "eq", "a.made")
GONE = Test(("type",), "eq", "a.gone")
EITHER_WAY = Any((Test(SCORE, "exists", value=True), Not(Test(SCORE, "exists", value=True))))


def odd(condition: Condition) -> list[tuple[str, str]]:
    return [(finding.pointer, finding.oddity.value) for finding in findings_of(condition)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (HIGH, []),
        (ALWAYS, []),
        (All((MADE, GONE)), [("", "never_true")]),
        (All((HIGH, LOW)), [("", "only_with_arrays")]),
        (All((HIGH, Test(SCORE, "lt", 3, Quantifier.EVERY))), [("", "never_true")]),
        (EITHER_WAY, [("", "always_true"), ("", "unindexed")]),
        (Test(("type",), "exists", value=True), [("", "always_true"), ("", "unindexed")]),
        (All((HIGH, All((MADE, GONE)))), [("/all/1", "never_true")]),
        (Cel("false"), [("", "never_true")]),
        (Not(Cel("true || event.data.x")), [("", "never_true")]),
        (All((MADE, Cel("1 == 2"))), [("/all/1", "never_true")]),
        (Cel("size([1]) == 1"), [("", "always_true"), ("", "unindexed")]),
        (Not(Cel("false")), [("", "always_true"), ("", "unindexed")]),
        (All((MADE, Cel("true"))), [("/all/1", "constant")]),
        (Any((MADE, Cel("false"))), [("/any/1", "unreachable"), ("", "unindexed")]),
        (Cel("1 / 0 == 1"), [("", "unindexed")]),
        (All((MADE, Any((GONE, HIGH)))), [("/all/1/any/0", "unreachable")]),
        (Any((HIGH, Test(SCORE, "gt", 7))), [("/any/1", "adds_nothing")]),
        (Any((HIGH, All((HIGH, MADE)))), [("/any/1", "adds_nothing")]),
        (Not(HIGH), [("", "unindexed")]),
        (Cel("event.data.x"), [("", "unindexed")]),
        (All((Not(HIGH), MADE)), []),
        (Any((Not(HIGH), MADE)), [("", "unindexed")]),
        (Test(SCORE, "neq", 1), [("", "unindexed")]),
        (Not(Any((HIGH, HIGH))), [("/not/any/1", "adds_nothing"), ("", "unindexed")]),
    ],
    ids=str,
)
def test_what_is_odd_is_named_with_its_place(condition: Condition, found: list[tuple[str, str]]) -> None:
    assert odd(condition) == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (GONE, [("", "never_true")]),
        (All((HIGH, Test(("type",), "starts_with", "b"))), [("/all/1", "never_true")]),
        (MADE, [("", "always_true")]),
        (All((HIGH, MADE)), []),
        (Any((HIGH, GONE)), [("/any/1", "unreachable")]),
        (Not(GONE), [("", "always_true"), ("", "unindexed")]),
        (All((HIGH, Not(Any((GONE, LOW))))), [("/all/1/not/any/0", "unreachable")]),
        (ALWAYS, []),
    ],
    ids=str,
)
def test_a_condition_is_read_in_the_light_of_what_is_given(condition: Condition, found: list[tuple[str, str]]) -> None:
    told = findings_of(condition, given=MADE)
    assert [(finding.pointer, finding.oddity.value) for finding in told] == found
    assert never_true(condition, given=MADE) == next((each for each in told if each.level is Level.ERROR), None)


def test_what_is_always_true_and_counts_says_what_to_do() -> None:
    (_, counts) = findings_of(EITHER_WAY)
    assert counts.message == (
        "is asked about every event of its type: a branch of any cannot be looked up (exists names no values that can "
        "be looked up); left out, the trigger fires on the same events and does not count towards the limit of such "
        "triggers"
    )


@given(condition=conditions(), event=events())
def test_what_is_said_of_the_events_of_one_type_is_true_of_them(condition: Condition, event: Event) -> None:
    heard = Test(("type",), "eq", event.type)
    odd = {finding.oddity for finding in findings_of(condition, given=heard)}
    if Oddity.NEVER_TRUE in odd:
        assert not matches(condition, event, NOW)
    if Oddity.ALWAYS_TRUE in odd:
        assert matches(condition, event, NOW)


def test_only_what_can_never_be_true_is_an_error() -> None:
    levels = {oddity: Finding("", oddity, "").level for oddity in Oddity}
    assert [oddity for oddity, level in levels.items() if level is Level.ERROR] == [Oddity.NEVER_TRUE]


def test_why_a_condition_is_unindexed() -> None:
    assert why_unindexed(MADE) is None
    assert why_unindexed(Any((MADE, Not(HIGH)))) == (
        "a branch of any cannot be looked up (it denies something, and an index finds what is there)"
    )
    assert why_unindexed(Test(SCORE, "neq", 1)) == "neq names no values that can be looked up"


def test_how_two_conditions_stand_to_each_other() -> None:
    both, other_way = All((HIGH, MADE)), All((MADE, HIGH))
    assert implies(both, other_way)
    assert implies(other_way, both)
    assert implies(both, HIGH)
    assert not implies(HIGH, both)
    assert implies(Test(SCORE, "gte", 9), HIGH)
    assert not implies(HIGH, MADE)


def test_selectivity_is_counted_on_samples() -> None:
    samples = [event({"score": score}) for score in range(10)]
    assert selectivity(HIGH, samples, NOW) == Selectivity(asked=10, taken=4)
    assert selectivity(Cel("event.data.gone > 1"), samples, NOW) == Selectivity(asked=10, taken=0, failed=10)
    assert selectivity(HIGH, samples, NOW).estimate == pytest.approx(5 / 12)


@given(condition=conditions(), one=events())
def test_an_error_is_never_told_of_a_condition_that_matches_something(condition: Condition, one: Event) -> None:
    if matches(condition, one, NOW):
        assert all(finding.level is Level.WARNING for finding in findings_of(condition))
