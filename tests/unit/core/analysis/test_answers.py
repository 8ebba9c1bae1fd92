"""Answers about conditions: the table of what people write, and soundness on random conditions and events."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from tests.support.conditions import NOW, conditions, event, events

from ensue.core.conditions.analysis.answers import (
    Answer,
    Reading,
    always_matches,
    could_both_match,
    could_match,
    implies,
)
from ensue.core.conditions.match import matches
from ensue.core.conditions.tree import ALWAYS, All, Any, Cel, Condition, Not, Pattern, Quantifier, Test
from ensue.core.event import Event
from ensue.core.json import Json


def data(operator: str, value: Json, quantifier: Quantifier = Quantifier.ANY) -> Test:
    return Test(("data", "score"), operator, value, quantifier)


def kind(operator: str, value: Json) -> Test:
    return Test(("type",), operator, value)


EVERY = Quantifier.EVERY
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


@pytest.mark.parametrize(
    ("members", "answer"),
    [
        ([data("gt", 5)], YES),
        ([data("gt", 5), data("lt", 7)], YES),
        ([data("gt", 5), data("lt", 6)], YES),
        ([data("gt", 2**60), data("lt", 2**60 + 2)], YES),
        ([data("gt", 5, EVERY), data("lt", 3, EVERY)], NO),
        ([data("gt", 5), data("lt", 3, EVERY)], NO),
        ([data("gt", 5), Not(data("gt", 3))], NO),
        ([data("exists", value=False), data("eq", 1)], NO),
        ([Test(("data",), "exists", value=False), data("eq", 1)], NO),
        ([Not(data("exists", value=True)), Not(data("eq", 1))], YES),
        ([Test(("data", "tags"), "gt", 3, length=True), Test(("data", "tags"), "lt", 4, EVERY, length=True)], NO),
        ([kind("eq", "a.b"), kind("eq", "a.c")], NO),
        ([kind("in", ["a.b", "a.d"]), kind("in", ["a.c", "a.d"])], YES),
        ([kind("in", ["a.b", "a.d"]), kind("regex", "^b")], NO),
        ([kind("starts_with", "user."), kind("starts_with", "job.")], NO),
        ([kind("starts_with", "user."), kind("starts_with", "user.made")], YES),
        ([kind("starts_with", "b"), kind("lt", "a")], NO),
        ([kind("ends_with", ".made"), kind("ends_with", ".gone")], NO),
        ([kind("ends_with", ".made"), kind("starts_with", "user."), kind("contains", "x")], YES),
        ([kind("between", ["a", "a\x00"]), kind("neq", "a"), kind("neq", "a\x00")], NO),
        ([kind("gt", 5)], NO),
        ([kind("regex", "^a$"), kind("regex", "^b$")], UNKNOWN),
        ([Any((kind("eq", "a"), kind("eq", "b"))), Any((kind("eq", "c"), kind("eq", "d")))], NO),
        ([Any(())], NO),
        ([ALWAYS], YES),
        ([Pattern({"type": ["a.b", "a.c"]}), kind("eq", "a.d")], NO),
        ([Pattern({"type": ["a.b", "a.c"]}), kind("eq", "a.c")], YES),
        ([Cel("event.data.x == 1"), kind("eq", "a.c")], UNKNOWN),
        ([Cel("event.type == 'a.c'"), kind("eq", "a.c")], YES),
    ],
    ids=str,
)
def test_could_one_event_match_all(members: list[Condition], answer: Answer) -> None:
    assert could_match(All(tuple(members))).answer is answer


def test_what_excludes_itself_but_for_arrays_is_said_to() -> None:
    contradiction = All((data("gt", 5), data("lt", 3)))
    assert could_match(contradiction) == Reading(UNKNOWN, only_with_arrays=True)
    assert matches(contradiction, event({"score": [6, 2]}), NOW)


def test_too_many_alternatives_are_unknown() -> None:
    either = Any((data("eq", 1), data("eq", 2)))
    assert could_match(All((either,) * 10)).answer is UNKNOWN


def test_implication() -> None:
    assert implies(data("gt", 5), data("gt", 3))
    assert not implies(data("gt", 3), data("gt", 5))
    assert implies(kind("eq", "user.made"), kind("starts_with", "user."))
    assert implies(All((kind("eq", "a"), data("gt", 5))), data("gt", 5))
    assert always_matches(Any((data("exists", value=True), Not(data("exists", value=True)))))
    assert always_matches(kind("exists", value=True))
    assert not always_matches(data("exists", value=True))


@settings(max_examples=400)
@given(left=conditions(), right=conditions(), one=events())
@example(data("gt", 5), Not(data("gt", 5)), event({"score": []}))
def test_answers_are_sound(left: Condition, right: Condition, one: Event) -> None:
    matched = (matches(left, one, NOW), matches(right, one, NOW))
    if all(matched):
        assert could_both_match(left, right) is not NO
    if implies(left, right):
        assert matched[1] or not matched[0]
    if always_matches(left):
        assert matched[0]


@given(left=conditions(), right=conditions())
def test_both_match_is_symmetric_in_its_noes(left: Condition, right: Condition) -> None:
    assert (could_both_match(left, right) is NO) == (could_both_match(right, left) is NO)
