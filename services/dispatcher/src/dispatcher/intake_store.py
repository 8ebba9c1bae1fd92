"""Writes firings with their frozen plans, in one transaction a batch. Called by the intake handler alone.

A firing that is there already changes nothing: its key decides, whatever was planned for it this time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from dispatcher.columns import columns
from dispatcher.outcomes import Facts, told
from dispatcher.plan import Intake, Standing, retry_as_json, take_in
from dispatcher.revisions import Revisions, revision_key
from dispatcher.settling import enqueue_by_tenant
from ensue.actions.texts import json_text
from ensue.core.firing import Firing
from ensue.core.ids import action_outcome_record_id, outcome_record_id
from ensue.core.template import scope_of
from ensue.postgres.database import Connection, Database
from ensue.postgres.queries import Queries
from ensue.runtime.clock import Clock
from ensue.wire.records import encode_outcome


class IntakeStore:
    """The writing side of the intake."""

    def __init__(self, database: Database, revisions: Revisions, clock: Clock) -> None:
        self._database = database
        self._revisions = revisions
        self._clock = clock
        self._queries = Queries.load("dispatcher")

    async def write(self, firings: Sequence[Firing]) -> list[Intake]:
        """Plan and write firings (each id once); the ones that were not there before. Raises Unavailable."""
        async with self._database.transaction() as conn:
            standings = await self._standings(firings, conn)
            wishes = await self._revisions.of(firings, conn)
            intakes = [
                take_in(firing, wishes[revision_key(firing)], standings.get((firing.tenant, firing.trigger_id)))
                for firing in firings
            ]
            rows = await conn.fetch(self._queries["insert_firings"], *columns(map(_firing_row, intakes), 18))
            new = {row["firing_id"] for row in rows}
            taken = [intake for intake in intakes if intake.firing.firing_id in new]
            await self._write_plans(taken, conn)
        return taken

    async def _standings(self, firings: Sequence[Firing], conn: Connection) -> dict[tuple[str, UUID], Standing]:
        triggers = sorted({firing.trigger_id for firing in firings})
        await conn.execute(self._queries["hold_triggers"], triggers)
        tenants = list({firing.tenant for firing in firings})
        rows = await conn.fetch(self._queries["standings"], tenants, triggers)
        return {
            (row["tenant"], row["trigger_id"]): Standing(row["deleted"], row["stopped"], row["cancel_before"])
            for row in rows
        }

    async def _write_plans(self, intakes: Sequence[Intake], conn: Connection) -> None:
        rows = [row for intake in intakes for row in _action_rows(intake)]
        if rows:
            await conn.execute(self._queries["insert_actions"], *columns(rows, 16))
        at = self._clock.now()
        said = ((each.firing, told(Facts.of(each.firing), each.step, at, {})) for each in intakes if each.over)
        await enqueue_by_tenant(conn, ((firing.tenant, [*map(encode_outcome, records)]) for firing, records in said))


def _firing_row(intake: Intake) -> tuple[object, ...]:
    firing, run = intake.firing, intake.step.run
    return (
        firing.firing_id,
        outcome_record_id(firing.firing_id),
        firing.tenant,
        firing.trigger_id,
        firing.revision,
        firing.cause,
        firing.event.event_uid,
        firing.replay_no,
        firing.lineage.correlation_id,
        firing.lineage.depth,
        firing.mode.value,
        run.mode.value,
        firing.observed_at,
        run.state.value,
        run.cancel_reason,
        run.reason,
        run.detail,
        json_text(scope_of(firing, "")["event"]),
    )


def _action_rows(intake: Intake) -> Iterator[tuple[object, ...]]:
    for place, (action, planned) in enumerate(zip(intake.step.run.actions, intake.planned, strict=True)):
        yield (
            action.action_id,
            action_outcome_record_id(action.action_id),
            intake.firing.firing_id,
            intake.firing.tenant,
            action.path,
            place,
            action.kind,
            planned.lane,
            planned.request,
            planned.flaw,
            retry_as_json(action.retry),
            planned.timeout.total_seconds(),
            action.state.value,
            planned.due_at,
            action.reason,
            action.detail,
        )
