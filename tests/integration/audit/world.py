"""The small world of these tests: a studio whose records lie on the topics, and an audit that reads them.

Records are made as the services make them; the audit under test is the handler in the real consume loop, or the whole
service from its composition root.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from audit.app import TOPICS
from audit.handler import AuditHandler
from audit.journal import Journal
from ensue.core.event import Event
from ensue.core.firing import Firing
from ensue.core.ids import (
    action_id,
    action_outcome_record_id,
    condition_error_record_id,
    event_uid,
    firing_id,
    outcome_record_id,
    receipt_record_id,
)
from ensue.core.lineage import Lineage
from ensue.core.outcome import (
    ActionOutcome,
    ActionStatus,
    ActionTaken,
    ConditionErred,
    Outcome,
    OutcomeStatus,
    Reason,
    Receipt,
)
from ensue.kafka.config import LoopConfig
from ensue.kafka.dead import dead_record
from ensue.kafka.loop import ConsumeLoop
from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.kafka.records import DeadLetter, IncomingRecord
from ensue.postgres.database import Database
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import Metrics
from ensue.wire.topics import OutgoingRecord, Topic
from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.servers import Servers

SCENES = UUID("00000000-0000-4000-8000-000000000001")
NOTIFY = UUID("00000000-0000-4000-8000-000000000002")
STUDIO, RIVAL = "studio", "rival"
TABLES = ("event", "firing", "outcome", "action_outcome", "condition_error", "receipt", "dead")


def approved(number: int = 1, tenant: str = STUDIO) -> Event:
    """A variant was approved."""
    source, name = "urn:studio:review", f"v-{number}"
    uid = event_uid(tenant, source, name)
    return Event(
        event_uid=uid,
        tenant=tenant,
        id=name,
        source=source,
        type="variant.approved",
        lineage=Lineage(uid),
        subject=f"variant-{number}",
        entity_type="variant",
        data={"variant_id": number, "score": 0.93, "big": 10**30, "tags": ["rush", "ümlaut"]},
    )


def fired(event: Event, trigger_id: UUID = SCENES, at: datetime | None = None) -> Firing:
    """A trigger fired because of it."""
    return Firing(
        firing_id=firing_id(event.tenant, trigger_id, event.event_uid, 0),
        tenant=event.tenant,
        trigger_id=trigger_id,
        revision=3,
        cause=event.event_uid,
        event=event,
        observed_at=at or instant(),
    )


def succeeded(firing: Firing, at: datetime | None = None) -> Outcome:
    """It ended well."""
    taken = ActionTaken(
        action_id(firing.firing_id, "actions.0"), "actions.0", "webhook", ActionStatus.SUCCEEDED, 2, "r1"
    )
    return Outcome(
        record_id=outcome_record_id(firing.firing_id),
        at=at or firing.observed_at + timedelta(seconds=2),
        tenant=firing.tenant,
        firing_id=firing.firing_id,
        trigger_id=firing.trigger_id,
        revision=firing.revision,
        event_uid=firing.event.event_uid,
        correlation_id=firing.lineage.correlation_id,
        depth=firing.lineage.depth,
        status=OutcomeStatus.SUCCEEDED,
        actions=(taken,),
    )


def blocked(firing: Firing) -> Outcome:
    """It was too deep to run."""
    return replace(
        succeeded(firing, firing.observed_at),
        status=OutcomeStatus.BLOCKED,
        reason=Reason.CHAIN_DEPTH,
        detail="too deep",
        actions=(),
    )


def action_ended(firing: Firing) -> ActionOutcome:
    """Its only action ended."""
    taken = succeeded(firing).actions[0]
    return ActionOutcome(
        record_id=action_outcome_record_id(taken.action_id),
        at=firing.observed_at + timedelta(seconds=1),
        tenant=firing.tenant,
        firing_id=firing.firing_id,
        trigger_id=firing.trigger_id,
        correlation_id=firing.lineage.correlation_id,
        depth=firing.lineage.depth,
        taken=taken,
        emitted_event_uid=UUID(int=7),
    )


def erred(firing: Firing) -> ConditionErred:
    """Its trigger's condition erred."""
    return ConditionErred(
        record_id=condition_error_record_id(firing.firing_id),
        at=firing.observed_at,
        tenant=firing.tenant,
        firing_id=firing.firing_id,
        trigger_id=firing.trigger_id,
        revision=firing.revision,
        event_uid=firing.event.event_uid,
        correlation_id=firing.lineage.correlation_id,
        depth=firing.lineage.depth,
        detail="KeyError: 'score'",
    )


def receipt(first: int = 0, following: int = 5) -> Receipt:
    """An evaluator decided a range of ensue.events/0."""
    return Receipt(
        record_id=receipt_record_id("ensue.evaluator", "ensue.events", 0, first, following),
        at=instant(),
        group="ensue.evaluator",
        instance="e-1",
        topic="ensue.events",
        partition=0,
        first_offset=first,
        next_offset=following,
        events=4,
        firings=1,
        blocked=0,
        errors=0,
        dead=1,
        ruleset="0" * 32,
    )


def dead_letter(tenant: str | None = STUDIO) -> OutgoingRecord:
    """What a consumer makes of bytes that are no event."""
    headers: tuple[tuple[str, bytes | None], ...] = (("x-raw", b"\xff\x00"), ("x-none", None))
    if tenant is not None:
        headers = (("ce_tenant", tenant.encode()), *headers)
    record = IncomingRecord(Topic.EVENTS, 1, 77, instant(), b"key", b"\xff not json \x00", headers)
    return dead_record(DeadLetter(record, "invalid_json", "no JSON"), "ensue.evaluator")


def instant() -> datetime:
    """Now, as precise as an append time."""
    now = SystemClock().now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def midday(days_from_now: int) -> datetime:
    """Noon of another day."""
    day = SystemClock().now().date() + timedelta(days=days_from_now)
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@dataclass(frozen=True)
class AuditWorld:
    """Topics, a database, and what can be done with them."""

    servers: Servers
    prefix: str
    database: ScratchDatabase
    publisher: KafkaPublisher
    admin: asyncpg.Connection[asyncpg.Record]

    async def publish(self, *records: OutgoingRecord) -> None:
        """Put records on their topics."""
        await self.publisher.publish(records)

    @asynccontextmanager
    async def auditing(self, group: str = "audit", url: str | None = None) -> AsyncIterator[Metrics]:
        """A handler in a loop of its own group, while the block lasts."""
        metrics, stopping = Metrics(), asyncio.Event()
        database = await Database.open(url or self.database.url("ensue_audit"), application_name=group, min_size=0)
        handler = AuditHandler(Journal(database), metrics, "default")
        config = LoopConfig(self.servers.kafka_bootstrap, group, TOPICS, self.prefix, fetch_wait_seconds=0.05)
        loop = ConsumeLoop(config, handler, self.publisher, metrics, SystemClock())
        running = asyncio.create_task(loop.run(stopping, lambda: 10.0))
        try:
            yield metrics
        finally:
            stopping.set()
            await running
            await database.close()

    async def rows(self, table: str) -> int:
        """How many rows there are."""
        return int(await self.admin.fetchval(f"SELECT count(*) FROM audit.{table}"))  # noqa: S608 - our own names

    async def counts(self) -> dict[str, int]:
        """Rows by table."""
        return {table: await self.rows(table) for table in TABLES}

    async def read(
        self, sql: str, *values: object, role: str = "ensue_audit", tenant: str | None = None
    ) -> Sequence[Any]:
        """Ask as one of the services' roles, with its tenant set or none."""
        connection = await asyncpg.connect(self.database.url(role))
        try:
            async with connection.transaction():
                if tenant is not None:
                    await connection.execute("SELECT set_config('ensue.tenant', $1, true)", tenant)
                return await connection.fetch(sql, *values)
        finally:
            await connection.close()


@asynccontextmanager
async def audit_world(servers: Servers, prefix: str, database: ScratchDatabase) -> AsyncIterator[AuditWorld]:
    """The world of one test."""
    publisher = KafkaPublisher(PublisherConfig(servers.kafka_bootstrap, prefix), Metrics())
    await publisher.start()
    admin = await asyncpg.connect(database.admin_url)
    try:
        yield AuditWorld(servers, prefix, database, publisher, admin)
    finally:
        await admin.close()
        await publisher.stop()
