"""The handler of `ensue.firings`: takes each firing in once, whatever is read twice. Called by the consume loop.

When it returns, responsibility for the batch is durable in PostgreSQL, so the loop may commit the offsets: nothing that
a target does can hold up a partition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol
from uuid import UUID

from dispatcher.plan import Intake
from ensue.core.firing import Firing
from ensue.kafka.records import Batch, DeadLetter, Handled, IncomingRecord
from ensue.runtime.metrics import ACTIONS_ENDED, INTAKE_DUPLICATES, INTAKE_FIRINGS, OUTCOMES, Metrics
from ensue.wire.attributes import is_tenant
from ensue.wire.errors import DecodeError, DecodeReason
from ensue.wire.records import decode_firing

LARGEST_INTEGER = 2**31 - 1
AT_ONCE = 500


class Writer(Protocol):
    """Where firings are written."""

    async def write(self, firings: Sequence[Firing]) -> list[Intake]: ...


class IntakeHandler:
    """`poke` is called once something new was committed."""

    def __init__(self, store: Writer, metrics: Metrics, poke: Callable[[], None]) -> None:
        self._store = store
        self._metrics = metrics
        self._poke = poke

    async def handle(self, batches: Sequence[Batch]) -> Handled:
        """Decode, write, give back what cannot be decoded. Raises Unavailable: the same batch is then tried again."""
        dead: list[DeadLetter] = []
        firings: dict[UUID, Firing] = {}
        repeated = 0
        for record in (record for batch in batches for record in batch.records):
            try:
                firing = readable(record)
            except DecodeError as error:
                dead.append(DeadLetter(record, error.reason, error.message))
                continue
            repeated += firing.firing_id in firings
            firings.setdefault(firing.firing_id, firing)
        await self._take_in(list(firings.values()), repeated)
        return Handled(dead=dead)

    async def _take_in(self, firings: Sequence[Firing], repeated: int) -> None:
        for start in range(0, len(firings), AT_ONCE):
            part = firings[start : start + AT_ONCE]
            taken = await self._store.write(part)
            repeated += len(part) - len(taken)
            self._count(taken)
            self._poke()
        self._metrics.inc(INTAKE_DUPLICATES, repeated)

    def _count(self, taken: Iterable[Intake]) -> None:
        for intake in taken:
            self._metrics.inc(INTAKE_FIRINGS)
            for action in intake.step.ended:
                self._metrics.inc(ACTIONS_ENDED, kind=action.kind, status=action.state.value)
            if intake.over:
                self._metrics.inc(OUTCOMES, status=intake.step.run.state.value)


def readable(record: IncomingRecord) -> Firing:
    """The firing in a record; DecodeError where there is none, or one that no database could keep."""
    firing = decode_firing(record.value)
    numbers = (firing.revision, firing.replay_no, firing.lineage.depth)
    if not is_tenant(firing.tenant) or not all(0 <= number <= LARGEST_INTEGER for number in numbers):
        raise DecodeError(DecodeReason.INVALID_RECORD, "tenant, revision, replay_no or depth is out of range")
    return firing
