"""The small world of these tests: triggers and events on real topics, evaluators that read them, eyes on the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import asyncpg
import msgspec
from tests.unit.evaluator.studio import STUDIO, saved

from ensue.core.firing import Firing
from ensue.core.outcome import OutcomeRecord, Receipt
from ensue.kafka.config import LoopConfig
from ensue.kafka.loop import ConsumeLoop
from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.kafka.records import IncomingRecord
from ensue.kafka.tail import TopicTail
from ensue.postgres.database import Database
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import Metrics
from ensue.wire.records import decode_firing, decode_outcome
from ensue.wire.topics import OutgoingRecord, Topic
from ensue.wire.triggers import TriggerRecord, encode_tombstone, encode_trigger
from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.servers import Servers
from evaluator.app import TOPICS
from evaluator.database_rules import DatabaseRules
from evaluator.evaluate import Evaluator
from evaluator.handler import EvaluatorHandler
from evaluator.rules import Rules

INSERT = """
INSERT INTO triggers.trigger (tenant, trigger_id, revision, name, enabled, active_since, document, created_by,
    created_at, updated_at, deleted_at)
VALUES ($1, $2, $3, 't', $4, $5, $6, 'test', $7, $7, $8)
ON CONFLICT (tenant, trigger_id) DO UPDATE
SET revision = excluded.revision, enabled = excluded.enabled, active_since = excluded.active_since,
    document = excluded.document, deleted_at = excluded.deleted_at
"""


@dataclass(frozen=True)
class Running:
    """An evaluator at work."""

    rules: Rules
    loop: ConsumeLoop
    metrics: Metrics


@dataclass(frozen=True)
class EvaluatorWorld:
    """Topics, a database, and what can be done with them."""

    servers: Servers
    prefix: str
    database: ScratchDatabase
    publisher: KafkaPublisher

    async def publish(self, *records: OutgoingRecord) -> None:
        """Put records on their topics; returns once they are acked."""
        await self.publisher.publish(records)

    async def save(self, *records: TriggerRecord) -> None:
        """Publish revisions as the outbox of trigger-api does."""
        await self.publish(*map(encode_trigger, records))

    async def delete(self, record: TriggerRecord) -> None:
        """Publish the tombstone that follows this revision."""
        await self.publish(encode_tombstone(record.tenant, record.trigger_id, record.revision + 1))

    async def put_into_database(self, record: TriggerRecord, *, deleted: bool = False) -> None:
        """Let the database have this revision, and tell no topic."""
        connection = await asyncpg.connect(self.database.admin_url)
        document = msgspec.json.encode(record.document).decode()
        gone = record.created_at if deleted else None
        values = (record.enabled, record.active_since, document, record.created_at, gone)
        try:
            await connection.execute(INSERT, record.tenant, record.trigger_id, record.revision, *values)
        finally:
            await connection.close()

    @asynccontextmanager
    async def evaluating(self, group: str = "evaluator", url: str | None = None) -> AsyncIterator[Running]:
        """An evaluator of its own group, its ruleset loaded, while the block lasts."""
        metrics, clock, stopping = Metrics(), SystemClock(), asyncio.Event()
        tail = TopicTail(self.servers.kafka_bootstrap, Topic.TRIGGERS, self.prefix)
        address = url or self.database.url("ensue_evaluator")
        database = await Database.open(address, application_name=group, min_size=0)
        rules = Rules(tail, DatabaseRules(database), metrics, clock)
        handler = EvaluatorHandler(rules, Evaluator(group, "e-1", STUDIO), metrics, clock)
        config = LoopConfig(self.servers.kafka_bootstrap, group, TOPICS, self.prefix, fetch_wait_seconds=0.05)
        loop = ConsumeLoop(config, handler, self.publisher, metrics, clock)
        await rules.load()
        running = asyncio.create_task(loop.run(stopping, lambda: 10.0))
        try:
            yield Running(rules, loop, metrics)
        finally:
            stopping.set()
            await running
            await tail.stop()
            await database.close()

    async def all_of(self, topic: Topic) -> Sequence[IncomingRecord]:
        """Everything on a topic."""
        tail = TopicTail(self.servers.kafka_bootstrap, topic, self.prefix)
        await tail.start()
        try:
            return await tail.catch_up()
        finally:
            await tail.stop()

    @asynccontextmanager
    async def watching(self, topic: Topic) -> AsyncIterator[TopicTail]:
        """A tail of a topic, its beginning read."""
        tail = TopicTail(self.servers.kafka_bootstrap, topic, self.prefix)
        await tail.start()
        try:
            await tail.catch_up()
            yield tail
        finally:
            await tail.stop()

    async def firings(self) -> list[Firing]:
        """Every firing."""
        return [decode_firing(record.value) for record in await self.all_of(Topic.FIRINGS)]

    async def outcomes(self) -> list[OutcomeRecord]:
        """Everything said on ensue.outcomes but receipts."""
        said = [decode_outcome(record.value) for record in await self.all_of(Topic.OUTCOMES)]
        return [one for one in said if not isinstance(one, Receipt)]

    async def receipts(self) -> list[Receipt]:
        """Every receipt."""
        said = [decode_outcome(record.value) for record in await self.all_of(Topic.OUTCOMES)]
        return [one for one in said if isinstance(one, Receipt)]


def now_saved(trigger: TriggerRecord) -> TriggerRecord:
    """The revision as if it had been saved a moment ago: active since yesterday, by the clock of this machine."""
    since = SystemClock().now() - timedelta(days=1)
    return replace(trigger, active_since=since, created_at=since)


def listening(revision: int = 1) -> TriggerRecord:
    """The trigger of most of these tests."""
    return now_saved(saved(revision=revision))


@asynccontextmanager
async def evaluator_world(servers: Servers, prefix: str, database: ScratchDatabase) -> AsyncIterator[EvaluatorWorld]:
    """The world of one test."""
    publisher = KafkaPublisher(PublisherConfig(servers.kafka_bootstrap, prefix), Metrics())
    await publisher.start()
    try:
        yield EvaluatorWorld(servers, prefix, database, publisher)
    finally:
        await publisher.stop()
