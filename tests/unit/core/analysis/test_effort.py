"""Effort: questions about hostile conditions end, after a counted amount of work and without a wrong answer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.conditions import conditions

from ensue.core.conditions.analysis.answers import Answer, always_matches, contradiction_in, could_match, implies
from ensue.core.conditions.analysis.effort import MAX_STEPS, Effort, EffortSpent
from ensue.core.conditions.analysis.findings import Level, findings_of, never_true
from ensue.core.conditions.tree import All, Any, Condition, Not, Test
from ensue.core.json import Json

CALLS_A_STEP = 20


def of(operator: str, value: Json, name: str = "f") -> Test:
    return Test(("data", name), operator, value)


def parts(count: int, start: int = 0) -> tuple[Condition, ...]:
    return tuple(of("contains", f"<{number}>") for number in range(start, start + count))


def pairs(count: int) -> tuple[Condition, ...]:
    return tuple(Any((of("contains", f"{number}a"), of("contains", f"{number}b"))) for number in range(count))


def nested(levels: int) -> Condition:
    condition: Condition = Any(parts(10))
    for level in range(levels):
        condition = All((Any((condition, *parts(7, 100 * level))), *parts(8, 50 * level)))
    return condition


HOSTILE: dict[str, Condition] = {
    "one field, 499 bounds": All((*(of("gt", bound) for bound in range(498)), of("lt", 3))),
    "one field, 500 branches": Any(tuple(of("gt", bound) for bound in range(500))),
    "64 alternatives of 480 tests": All((*pairs(6), *parts(480))),
    "lists of thousands": Any(tuple(of("in", list(range(start, start + 3000))) for start in range(8))),
    "long texts": Any(tuple(of("contains", "x" * 2000 + str(number)) for number in range(100))),
    "expressions that are slow to compile": All(tuple(of("regex", f"(a|b|c){{1,200}}{n}") for n in range(100))),
    "deep": nested(30),
    "many fields that must be absent": All(
        tuple(of("exists", value=each < 250, name=f"f{each}") for each in range(500))
    ),
}


def calls_of(work: Callable[[], object]) -> int:
    """How many calls, of whatever function, some work made."""
    count = 0

    def counted(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("condition", HOSTILE.values(), ids=HOSTILE)
def test_the_work_for_a_hostile_condition_is_bounded_by_its_steps(condition: Condition) -> None:
    for work in (findings_of, never_true, could_match):
        assert calls_of(lambda ask=work: ask(condition)) < CALLS_A_STEP * MAX_STEPS  # type: ignore[misc]  # a default


def test_comparing_two_hostile_conditions_shares_one_effort() -> None:
    effort = Effort()
    left, right = HOSTILE["64 alternatives of 480 tests"], HOSTILE["one field, 500 branches"]

    def compare() -> None:
        for _ in range(50):
            implies(left, right, effort)
            implies(right, left, effort)

    assert calls_of(compare) < CALLS_A_STEP * MAX_STEPS


def test_effort_that_is_spent_stays_spent() -> None:
    effort = Effort(2)
    effort.spend(2)
    with pytest.raises(EffortSpent):
        effort.spend(1)
    with pytest.raises(EffortSpent):
        effort.spend(0)
    assert effort.left == 0


@given(condition=conditions(), steps=st.integers(0, 300))
def test_less_effort_never_gives_another_answer(condition: Condition, steps: int) -> None:
    full = could_match(condition)
    assert could_match(condition, Effort(steps)).answer in (full.answer, Answer.UNKNOWN)
    if contradiction_in(condition, Effort(steps)).answer is Answer.NO:
        assert full.answer is Answer.NO
    assert always_matches(condition) or not always_matches(condition, Effort(steps))
    told = [finding for finding in findings_of(condition, Effort(steps)) if finding.level is Level.ERROR]
    assert not told or never_true(condition) == told[0]


def test_a_condition_of_five_hundred_different_fields_is_read_to_its_end() -> None:
    effort = Effort()
    fields = tuple(of("gt", 1, f"f{number}") for number in range(499))
    assert never_true(All((*fields, Not(fields[0]))), effort) is not None
    assert effort.left > 0
