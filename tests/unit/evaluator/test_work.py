"""What one event costs does not grow with the number of triggers: the work is counted, never timed.

Counted are the rules that are asked, and the instructions that Python runs from the bytes of a record to its firings.
What a library does within one of them (to look a key up, to decode) is not seen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any
from uuid import UUID

import pytest
from tests.unit.evaluator.doubles import Table, Topics, rules_of
from tests.unit.evaluator.studio import EVALUATOR, approved, batch, evaluate, firings, of, saved, trigger

from ensue.core.conditions.tree import All, Condition, Not, Pattern, Test
from ensue.core.event import Event
from ensue.core.json import Json
from ensue.core.rule import Rule
from ensue.core.ruleset import Rulebook, Ruleset
from ensue.core.trigger import Trigger
from ensue.matching.triggers import WORTH_AN_INDEX, IndexedRuleset
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import EVALUATION_SECONDS
from evaluator.handler import EvaluatorHandler

Shape = Callable[[int], Condition]
MATCHES = 3
SLACK = 1.25  # for a structure of more levels, never for one more trigger
SIZES = (10, 500, 10_000)
AS_MANY = 1_000  # are asked without an index, too; what comes after them is of the same kind and matches nothing


def equal(number: int) -> Condition:
    """Of one variant."""
    return All((Test(("data", "variant"), "eq", number), Test(("data", "score"), "gte", 0.5)))


def between(number: int) -> Condition:
    """In a narrow range."""
    return Test(("data", "variant"), "between", [number - 0.25, number + 0.25])


def beginning(number: int) -> Condition:
    """Of names that begin alike."""
    return Test(("data", "name"), "starts_with", f"{number:05}-")


def denying(number: int) -> Condition:
    """Of one variant, unless it is a draft."""
    return All((Not(Test(("data", "state"), "eq", "draft")), Test(("data", "variant"), "in", [number, -number])))


def patterned(number: int) -> Condition:
    """Of one variant, unless it is a draft, as EventBridge has it."""
    return Pattern({"detail": {"variant": [number], "state": [{"anything-but": "draft"}]}})


DATA: Json = {"variant": 7, "score": 0.9, "name": "00007-a", "state": "final", "tags": ["rush"]}
SHAPES: list[Shape] = [equal, between, beginning, denying, patterned]


class Asked(Table):
    """A table that counts the questions put to it."""

    questions = 0

    def _answer(self) -> None:
        self.questions += 1
        super()._answer()


class Counted:
    """A rulebook that counts the rules which it gives to be asked."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self.asked = 0

    @property
    def fingerprint(self) -> str:
        """That of the rulebook."""
        return self._rulebook.fingerprint

    def rules_for(self, event: Event) -> Sequence[Rule]:
        """The rulebook's."""
        found = self._rulebook.rules_for(event)
        self.asked += len(found)
        return found


def instructions_of(work: Callable[[], object]) -> int:
    """How many instructions of Python some work takes, in whatever function."""
    count = 0

    def within(_: FrameType, event: str, __: object) -> Any:  # noqa: ANN401  # a trace function
        nonlocal count
        count += event == "opcode"
        return within

    def entered(frame: FrameType, _: str, __: object) -> Any:  # noqa: ANN401  # a trace function
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return within

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def triggers(shape: Shape, count: int) -> list[Trigger]:
    """So many triggers on one type, MATCHES of which match the event."""
    numbers = [7] * MATCHES + [100 + number for number in range(count - MATCHES)]
    return [trigger(UUID(int=place), where=shape(number)) for place, number in enumerate(numbers, 1)]


def costs_of(rulebook: Rulebook) -> tuple[int, int, list[UUID]]:
    """Of one event: how many rules are asked, how many instructions it takes, and which triggers fire."""
    counted = Counted(rulebook)
    fired = fired_of(counted)  # what is made ready for the first event is no cost of the next
    some = batch(of(approved(data=DATA)))
    return counted.asked, instructions_of(lambda: evaluate(rulebook, some, EVALUATOR)), fired


def fired_of(rulebook: Rulebook) -> list[UUID]:
    """The triggers that fire on the event."""
    evaluated = evaluate(rulebook, batch(of(approved(data=DATA))), EVALUATOR)
    return [firing.trigger_id for firing in firings(evaluated.records)]


@pytest.mark.requirement("R3.19", "R19.2")
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_an_event_costs_among_ten_thousand_triggers_what_it_costs_among_ten(shape: Shape) -> None:
    taken: dict[int, int] = {}
    for size in SIZES:
        written = triggers(shape, size)
        asked, taken[size], fired = costs_of(IndexedRuleset().apply(written))
        assert asked == (MATCHES if size >= WORTH_AN_INDEX else size)
        assert fired == fired_of(Ruleset.empty().apply(written[:AS_MANY])), "as without an index"
        assert len(fired) == MATCHES
        assert taken[size] <= SLACK * taken[SIZES[0]]


@pytest.mark.requirement("R3.19")
def test_the_count_sees_what_it_costs_to_ask_every_trigger() -> None:
    few, many = (costs_of(Ruleset.empty().apply(triggers(equal, size)))[:2] for size in (10, 1_000))
    assert (few[0], many[0]) == (10, 1_000)
    assert many[1] > 10 * few[1]


@pytest.mark.requirement("R3.19")
async def test_no_event_is_a_question_to_the_database() -> None:
    table = Asked(*(saved(UUID(int=number)) for number in range(1, 4)))
    rules, metrics = rules_of(Topics(), table)
    await rules.load()
    loading = table.questions
    handler = EvaluatorHandler(rules, EVALUATOR, metrics, SystemClock())
    for number in range(20):
        handled = await handler.handle([batch(of(approved(number)))])
        assert len(firings(handled.records)) == MATCHES
    assert table.questions == loading == 1


@pytest.mark.requirement("R19.2")
async def test_how_long_the_decision_of_every_batch_took_can_be_read_off() -> None:
    rules, metrics = rules_of(Topics(), Table())
    await rules.load()
    for _ in range(3):
        await EvaluatorHandler(rules, EVALUATOR, metrics, SystemClock()).handle([batch(of(approved()))])
    page = metrics.render().decode()
    assert f"{EVALUATION_SECONDS.name}_count 3.0" in page
    assert f'{EVALUATION_SECONDS.name}_bucket{{le="0.1"}}' in page, "the bound of the requirement is one of the bounds"
