"""The small world of the dispatcher's tests: a studio with triggers in a real database, a receiver, and dispatchers.

Firings are taken in through the real handler as records that the real codec wrote.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from tests.support.receiver import SECRET, Receiver

from dispatcher.engine import Engine, Surroundings
from dispatcher.intake import IntakeHandler
from dispatcher.intake_store import IntakeStore
from dispatcher.journal import LogJournal
from dispatcher.limits import Limits
from dispatcher.revisions import Revisions
from ensue.actions.addresses import AddressPolicy
from ensue.actions.egress import GuardedHttp
from ensue.actions.kind import Ports
from ensue.actions.signing import WebhookSigner
from ensue.core.event import Event
from ensue.core.firing import Firing
from ensue.core.ids import event_uid, firing_id
from ensue.core.json import Json, JsonObject
from ensue.core.lineage import Lineage
from ensue.core.outcome import OutcomeRecord
from ensue.kafka.records import Batch, Handled, IncomingRecord
from ensue.postgres.database import Database
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import Metrics
from ensue.wire.records import decode_outcome, encode_firing
from ensue.wire.topics import OutgoingRecord, Topic

QUICK = Limits(lease_margin=timedelta(seconds=0.3), poll=timedelta(milliseconds=20), reap=timedelta(milliseconds=50))
PATIENT = replace(QUICK, lease_margin=timedelta(seconds=30))
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TRIGGER = UUID(int=0x7)


def a_firing(
    number: int = 1, *, trigger_id: UUID = TRIGGER, tenant: str = "studio", depth: int = 0, revision: int = 1
) -> Firing:
    """The firing of the trigger on event `number`."""
    uid = event_uid(tenant, "/studio", f"e-{number}")
    lineage = Lineage(uid, None if depth == 0 else UUID(int=0xC), depth)
    event = Event(
        event_uid=uid,
        tenant=tenant,
        id=f"e-{number}",
        source="/studio",
        type="variant.approved",
        lineage=lineage,
        subject=f"variant-{number}",
        entity_type="variant",
        data={"variant_id": number},
    )
    return Firing(firing_id(tenant, trigger_id, uid, 0), tenant, trigger_id, revision, uid, event, NOW)


def batch_of(values: Sequence[bytes | None]) -> Batch:
    """What the loop would hand over."""
    records = [IncomingRecord(Topic.FIRINGS, 0, offset, NOW, None, value) for offset, value in enumerate(values)]
    return Batch(Topic.FIRINGS, 0, records, 0, len(records))


@dataclass
class Running:
    """A dispatcher at work."""

    engine: Engine
    metrics: Metrics
    task: asyncio.Task[None]
    stopping: asyncio.Event

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        self.stopping.set()
        await self.task


@dataclass
class World:
    """One database; `database` sees it as the dispatcher does, `admin` as its administrator."""

    database: Database
    admin: asyncpg.Connection[asyncpg.Record]
    receiver: Receiver
    worker: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def trigger(
        self, *actions: JsonObject, trigger_id: UUID = TRIGGER, tenant: str = "studio", **fields: Json
    ) -> None:
        """Save revision 1 of a trigger, as trigger-api would."""
        mode = fields.pop("mode", "sequential")
        document = {
            "name": "Generate scenes",
            "when": {"event": {"types": ["variant.approved"]}},
            "then": {"mode": mode, "actions": list(actions)},
            **fields,
        }
        text = orjson.dumps(document).decode()
        await self.admin.execute(
            "INSERT INTO triggers.trigger (tenant, trigger_id, revision, name, enabled, active_since, document,"
            " created_by, created_at) VALUES ($1, $2, 1, 'Generate scenes', true, $3, $4, 'test', $3)",
            *(tenant, trigger_id, NOW, text),
        )
        await self.admin.execute(
            "INSERT INTO triggers.trigger_revision (tenant, trigger_id, revision, name, enabled, deleted, active_since,"
            " document, created_at, saved_by) VALUES ($1, $2, 1, 'Generate scenes', true, false, $3, $4, $3, 'test')",
            *(tenant, trigger_id, NOW, text),
        )

    def webhook(self, path: str = "/", **fields: Json) -> JsonObject:
        """An action that calls the receiver."""
        return {"kind": "webhook", "url": self.receiver.url + path, **fields}

    async def take_in(self, *firings: Firing, metrics: Metrics | None = None) -> Handled:
        """Read the firings' records, as the loop does."""
        handler = IntakeHandler(IntakeStore(self.database, Revisions(), SystemClock()), metrics or Metrics(), _nothing)
        return await handler.handle([batch_of([encode_firing(firing).value for firing in firings])])

    @asynccontextmanager
    async def dispatcher(self, limits: Limits = QUICK, *, drain: float = 5.0) -> AsyncIterator[Running]:
        """A dispatcher in this process; stopped at the end, unless the test has done so."""
        metrics, stopping = Metrics(), asyncio.Event()
        async with GuardedHttp(AddressPolicy.allowing(["127.0.0.0/8"])) as http:
            given = Surroundings(f"worker-{next(self.worker)}", SystemClock(), metrics, lambda: 0.0, _nothing)
            engine = Engine(self.database, Ports(http, WebhookSigner(SECRET), LogJournal()), limits, given)
            task = asyncio.create_task(engine.run(stopping, lambda: drain))
            try:
                yield Running(engine, metrics, task, stopping)
            finally:
                stopping.set()
                await asyncio.wait({task})

    async def rows(self, sql: str, *arguments: object) -> list[dict[str, Any]]:
        """What the administrator sees."""
        return [dict(row) for row in await self.admin.fetch(sql, *arguments)]

    async def states(self) -> list[str]:
        """The states of all actions, by firing and place."""
        rows = await self.rows("SELECT state FROM dispatch.action ORDER BY firing_id, position")
        return [row["state"] for row in rows]

    async def attempts(self) -> list[tuple[int, str]]:
        """Number and result of all attempts, in their order."""
        rows = await self.rows("SELECT attempt, result FROM dispatch.attempt ORDER BY started_at, attempt")
        return [(row["attempt"], row["result"]) for row in rows]

    async def records(self) -> list[OutgoingRecord]:
        """What waits in the outbox, in its order."""
        return [
            OutgoingRecord(
                Topic(row["topic"]),
                row["key"],
                row["value"],
                tuple((name, text.encode()) for name, text in orjson.loads(row["headers"])),
            )
            for row in await self.rows("SELECT topic, key, headers, value FROM dispatch.outbox ORDER BY id")
        ]

    async def told(self) -> list[OutcomeRecord]:
        """The outcomes in the outbox."""
        return [decode_outcome(record.value) for record in await self.records() if record.topic is Topic.OUTCOMES]


def _nothing() -> None:
    """Nobody needs to be told in these tests: everything is also found by asking."""
