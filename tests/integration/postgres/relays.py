"""The small world of the outbox tests: a trigger's revisions, writers, relays, and what has arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ensue.core.errors import Unavailable
from ensue.postgres.database import Database
from ensue.postgres.outbox import Relay, enqueue
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import Metrics
from ensue.testing.publishing import RecordingPublisher
from ensue.wire.topics import OutgoingRecord, Topic

RELAY = "the relay"
SCHEMA = "triggers"


def revision(number: int, trigger: str = "t") -> OutgoingRecord:
    return OutgoingRecord(Topic.TRIGGERS, f"studio/{trigger}".encode(), f"{number}".encode(), (("revision", b"7"),))


def values(publisher: RecordingPublisher) -> list[int]:
    return [int(record.value or b"") for record in publisher.records]


async def save(database: Database, *records: OutgoingRecord) -> list[int]:
    async with database.transaction("studio") as conn:
        return await enqueue(conn, SCHEMA, "studio", records)


async def rows(database: Database) -> int:
    async with database.transaction() as conn:
        count: int = await conn.fetchval("SELECT count(*) FROM triggers.outbox")
        return count


def relay_of(database: Database, publisher: RecordingPublisher, metrics: Metrics | None = None) -> Relay:
    return Relay(database, publisher, SCHEMA, metrics or Metrics(), SystemClock())


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    tasks = [asyncio.create_task(relay.run(stopping)) for relay in relays]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 5)


def seen(publisher: RecordingPublisher, count: int) -> None:
    assert len(publisher.records) >= count


def tried(publisher: RecordingPublisher, times: int) -> None:
    assert len(publisher.calls) >= times


async def troubled(relay: Relay) -> bool:
    try:
        await relay.check()
    except Unavailable:
        return True
    raise AssertionError("the relay is well")


async def well(relay: Relay) -> bool:
    try:
        await relay.check()
    except Unavailable as error:
        raise AssertionError(str(error)) from error
    return True


async def nothing_left(database: Database) -> bool:
    assert await rows(database) == 0
    return True
