"""Writes what attempts came to: state, attempt, next action, outcome and emitted event in one transaction each batch.

Called by the finisher with results, given-back claims and expired leases alike, so that every change of a running
firing goes through the same lock and the same transition function (`dispatcher.transitions`), which holds the fence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import orjson

from dispatcher.columns import columns
from dispatcher.outcomes import Facts, told
from dispatcher.states import Action, ActionState, AttemptEnd, FiringState, Run, Settling, Step
from dispatcher.transitions import step
from ensue.core.retry import RetryPolicy
from ensue.core.trigger import Mode
from ensue.postgres.database import Connection, Database, Record
from ensue.postgres.outbox import enqueue
from ensue.postgres.queries import Queries
from ensue.runtime.clock import Clock
from ensue.wire.records import encode_outcome
from ensue.wire.topics import OutgoingRecord

SCHEMA = "dispatch"


@dataclass(frozen=True, slots=True)
class Emission:
    """An event that goes out with a success: its identity, and its record."""

    event_uid: UUID
    record: OutgoingRecord


@dataclass(frozen=True, slots=True)
class Settlement:
    """What happened to one running action, and what it emits if that is accepted."""

    firing_id: UUID
    kind: str
    happening: Settling
    emission: Emission | None = None


@dataclass(slots=True)
class _Held:
    """A firing under its lock: as it was found, and as it becomes."""

    facts: Facts
    before: Run
    run: Run
    attempts: list[AttemptEnd] = field(default_factory=list)
    records: list[OutgoingRecord] = field(default_factory=list)

    def changed(self) -> list[Action]:
        """The actions that are to be written."""
        pairs = zip(self.before.actions, self.run.actions, strict=True)
        return [new for old, new in pairs if new != old]


class SettlingStore:
    """The writing side of running firings."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._queries = Queries.load("dispatcher")

    async def settle(self, settlements: Sequence[Settlement]) -> list[Step]:
        """Apply each in turn and commit; the step of each, in the same order. Raises Unavailable."""
        async with self._database.transaction() as conn:
            held = await self._lock({each.firing_id for each in settlements}, conn)
            steps = [self._apply(held.get(each.firing_id), each) for each in settlements]
            await self._save(list(held.values()), conn)
        return steps

    async def expired(self, limit: int) -> list[tuple[UUID, UUID, int, str]]:
        """Running actions whose lease is over: action, firing, fence, kind."""
        async with self._database.transaction() as conn:
            rows = await conn.fetch(self._queries["expired"], limit)
        return [(row["action_id"], row["firing_id"], row["fence"], row["kind"]) for row in rows]

    async def _lock(self, firing_ids: Iterable[UUID], conn: Connection) -> dict[UUID, _Held]:
        ids = list(firing_ids)
        firings = await conn.fetch(self._queries["lock_firings"], ids)
        actions: dict[UUID, list[Action]] = defaultdict(list)
        for row in await conn.fetch(self._queries["lock_actions"], ids):
            actions[row["firing_id"]].append(_action(row))
        return {row["firing_id"]: _held(row, tuple(actions[row["firing_id"]])) for row in firings}

    def _apply(self, held: _Held | None, settlement: Settlement) -> Step:
        if held is None:  # removed after its time: there is nothing left that a late result could change
            return Step(Run(settlement.firing_id, Mode.PARALLEL, FiringState.OPEN, ()), accepted=False)
        done = step(held.run, settlement.happening)
        if not done.accepted:
            return done
        held.run = done.run
        held.attempts += done.attempts
        emitted: dict[UUID, UUID] = {}
        if settlement.emission is not None:
            emitted[settlement.happening.action_id] = settlement.emission.event_uid
            held.records.append(settlement.emission.record)
        held.records += map(encode_outcome, told(held.facts, done, self._clock.now(), emitted))
        return done

    async def _save(self, held: Sequence[_Held], conn: Connection) -> None:
        actions = [action for each in held for action in each.changed()]
        if not actions:
            return
        attempts = [attempt for each in held for attempt in each.attempts]
        await conn.execute(
            self._queries["save_actions"],
            *columns(map(_action_row, actions), 8),
            *columns(map(_attempt_row, attempts), 4),
        )
        closed = [each.run for each in held if each.run.state is not each.before.state]
        if closed:
            await conn.execute(self._queries["close_firings"], *columns(map(_firing_row, closed), 4))
        await enqueue_by_tenant(conn, ((each.facts.tenant, each.records) for each in held))


async def enqueue_by_tenant(conn: Connection, said: Iterable[tuple[str, Sequence[OutgoingRecord]]]) -> None:
    """Write records into the outbox, with one statement a tenant."""
    by_tenant: dict[str, list[OutgoingRecord]] = defaultdict(list)
    for tenant, records in said:
        by_tenant[tenant] += records
    for tenant, records in sorted(by_tenant.items()):
        await enqueue(conn, SCHEMA, tenant, records)


def _held(row: Record, actions: tuple[Action, ...]) -> _Held:
    facts = Facts(
        tenant=row["tenant"],
        firing_id=row["firing_id"],
        trigger_id=row["trigger_id"],
        revision=row["revision"],
        event_uid=row["event_uid"],
        correlation_id=row["correlation_id"],
        depth=row["depth"],
    )
    run = Run(
        firing_id=row["firing_id"],
        mode=Mode(row["sequence"]),
        state=FiringState(row["state"]),
        actions=actions,
        cancel_reason=row["cancel_reason"],
        reason=row["reason"],
        detail=row["detail"],
    )
    return _Held(facts, run, run)


def _action(row: Record) -> Action:
    return Action(
        action_id=row["action_id"],
        path=row["path"],
        kind=row["kind"],
        state=ActionState(row["state"]),
        retry=_retry(row["retry"]),
        attempt=row["attempt"],
        fence=row["fence"],
        reference=row["reference"],
        reason=row["reason"],
        detail=row["detail"],
    )


_DEFAULT_RETRY = RetryPolicy()


def _retry(text: str | None) -> RetryPolicy:
    if text is None:
        return _DEFAULT_RETRY
    kept = orjson.loads(text)
    return RetryPolicy(
        max_attempts=kept["max_attempts"],
        initial=timedelta(seconds=kept["initial_seconds"]),
        multiplier=kept["multiplier"],
        maximum=timedelta(seconds=kept["maximum_seconds"]),
        jitter=kept["jitter"],
    )


def _action_row(action: Action) -> tuple[object, ...]:
    return (
        action.action_id,
        action.state.value,
        action.attempt,
        action.fence,
        action.due_in,
        action.reference,
        action.reason,
        action.detail,
    )


def _attempt_row(attempt: AttemptEnd) -> tuple[object, ...]:
    return (attempt.action_id, attempt.attempt, attempt.result.value, attempt.detail)


def _firing_row(run: Run) -> tuple[object, ...]:
    return (run.firing_id, run.state.value, run.reason, run.detail)
