"""What the evaluator does with the batches it reads. Called by the consume loop, which publishes and commits."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from ensue.core.firing import ConditionError
from ensue.core.ruleset import Rulebook
from ensue.kafka.records import Batch, DeadLetter, Handled
from ensue.runtime.clock import Clock
from ensue.runtime.logs import get_logger, info_each
from ensue.runtime.metrics import (
    CONDITION_ERRORS,
    EVALUATION_SECONDS,
    EVENTS_EVALUATED,
    FIRINGS,
    FIRINGS_BLOCKED,
    Metrics,
)
from ensue.wire.topics import OutgoingRecord
from evaluator.evaluate import Evaluated, Evaluator, conclude, evaluate, told

BREATHE_SECONDS = 0.002  # each time a step of what is published and fetched meanwhile can be taken
MOST_BYTES = 32 * 1024 * 1024  # held at once of what follows from the events: each firing carries its own event
log = get_logger(__name__)


class RulesInForce(Protocol):
    """Where the ruleset comes from (`evaluator.rules.Rules`)."""

    @property
    def ruleset(self) -> Rulebook: ...

    async def catch_up(self) -> None:
        """Let `ruleset` hold everything that was saved before this call; Unavailable if that cannot be known."""
        ...


class EvaluatorHandler:
    """Implements `ensue.kafka.loop.Handler`."""

    def __init__(self, rules: RulesInForce, evaluator: Evaluator, metrics: Metrics, clock: Clock) -> None:
        self._rules = rules
        self._evaluator = evaluator
        self._metrics = metrics
        self._clock = clock

    async def handle(self, batches: Sequence[Batch]) -> Handled:
        """Decide every record with all triggers that were saved before it; Unavailable if that cannot be known.

        The batches are fetched already, so the end of the trigger topic asked from here on is behind everything that
        was saved before any of these records was published.
        """
        await self._rules.catch_up()
        ruleset = self._rules.ruleset
        records: list[OutgoingRecord] = []
        dead: list[DeadLetter] = []
        left = deque(batches)
        room = MOST_BYTES
        while left and room > 0:
            evaluated, rest = await self._evaluate(ruleset, left.popleft(), room)
            records += evaluated.records
            dead += evaluated.dead
            room -= evaluated.size
            if rest is not None:
                left.appendleft(rest)
        return Handled(records, dead, tuple(left))

    async def _evaluate(self, ruleset: Rulebook, batch: Batch, room: int) -> tuple[Evaluated, Batch | None]:
        """Decide the batch until what follows from it fills the room; what remains of it then.

        Heartbeats go on meanwhile: a member without them loses its partitions, and a batch that takes longer than
        that would be begun again for ever.
        """
        evaluated = Evaluated()
        monotonic = self._clock.monotonic
        started = breathed = monotonic()
        for _ in evaluate(ruleset, batch, self._evaluator, evaluated):
            if evaluated.size >= room:
                break
            if monotonic() - breathed >= BREATHE_SECONDS:
                await asyncio.sleep(0)
                breathed = monotonic()
        batch, rest = batch.cut(evaluated.decided)
        conclude(ruleset, batch, self._evaluator, evaluated)
        self._metrics.observe(EVALUATION_SECONDS, monotonic() - started)
        self._count(batch, evaluated)
        _tell(evaluated)
        return evaluated, rest

    def _count(self, batch: Batch, evaluated: Evaluated) -> None:
        topic = batch.topic.value
        self._metrics.inc(EVENTS_EVALUATED, evaluated.events, topic=topic)
        self._metrics.inc(FIRINGS, len(evaluated.fired), topic=topic)
        self._metrics.inc(CONDITION_ERRORS, len(evaluated.errors))
        for reason, number in Counter(blocked.reason for blocked in evaluated.blocked).items():
            self._metrics.inc(FIRINGS_BLOCKED, number, reason=reason)


def _tell(evaluated: Evaluated) -> None:
    """One line a decision, so that a firing can be followed through the logs of all services."""
    info_each(log, "firing_decided", evaluated.fired)
    info_each(log, "firing_blocked", (told(blocked.firing) for blocked in evaluated.blocked))
    for error, times in _first_of_each_trigger(evaluated.errors):
        kind = error.detail.partition(":")[0]  # the rest may quote the event's data; it stands in the tenant's own log
        log.warning("condition_erred", error=kind, times=times, **told(error.firing))


def _first_of_each_trigger(errors: Sequence[ConditionError]) -> list[tuple[ConditionError, int]]:
    """A condition that errs errs often: its first error of the batch, and how many there were."""
    first: dict[UUID, ConditionError] = {}
    for error in errors:
        first.setdefault(error.firing.trigger_id, error)
    times = Counter(error.firing.trigger_id for error in errors)
    return [(error, times[trigger_id]) for trigger_id, error in first.items()]
