"""Where a group goes on reading: a gap is noticed and counted, never skipped in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete
from tests.support.eventually import eventually
from tests.support.loops import Keeping, World, running

from ensue.kafka.admin import admin_client
from ensue.kafka.names import physical
from ensue.kafka.records import Batch, Handled
from ensue.runtime.metrics import OFFSETS_MISSING
from ensue.wire.topics import Topic


async def test_records_deleted_before_they_were_read_are_a_gap(world: World) -> None:
    await world.publish(Topic.EVENTS, b"0", b"1")
    config = world.config(Topic.EVENTS)
    handler = Keeping()
    async with running(config, handler, world.publisher) as run:
        await eventually(lambda: _count(handler, 2))
        await run.stop()
    place = handler.batches[0].partition

    await world.publish(Topic.EVENTS, b"2", b"3", b"4", b"5")
    await _delete_before(world, place, 5)
    late = Keeping()
    async with running(config, late, world.publisher) as run:
        await eventually(lambda: _count(late, 1))
        assert run.metrics.value(OFFSETS_MISSING, topic="ensue.events") == 3
        await world.publish(Topic.EVENTS, b"6")
        await eventually(lambda: _count(late, 2))
        await run.stop()
    first, second = late.batches
    assert (first.first_offset, first.next_offset, first.missing, first.holes) == (2, 6, 3, 0)
    assert (second.first_offset, second.next_offset, second.missing) == (6, 7, 0)
    assert late.values == [b"5", b"6"]


async def test_records_deleted_under_a_reading_group_are_a_gap_too(world: World) -> None:
    await world.publish(Topic.EVENTS, b"0")
    working, go_on = asyncio.Event(), asyncio.Event()

    async def held(_: Sequence[Batch]) -> Handled:
        working.set()
        await go_on.wait()
        return Handled()

    handler = Keeping(held)
    async with running(world.config(Topic.EVENTS, max_bytes=1000), handler, world.publisher) as run:
        await working.wait()
        for value in (b"1", b"2", b"3"):
            await world.publish(Topic.EVENTS, value * 2000)
        await _delete_before(world, handler.batches[0].partition, 4)
        go_on.set()
        await eventually(lambda: _gap(run.metrics.value(OFFSETS_MISSING, topic="ensue.events")))
        await world.publish(Topic.EVENTS, b"4")
        await eventually(lambda: _has(handler, b"4"))
        await run.stop()
    accounted = [(batch.first_offset, batch.next_offset) for batch in handler.batches]
    assert [begin for begin, _ in accounted[1:]] == [end for _, end in accounted[:-1]]
    assert sum(batch.missing + len(batch.records) for batch in handler.batches) == 5


async def test_transactions_of_upstream_systems_leave_holes_not_gaps_and_what_they_abort_is_not_read(
    world: World,
) -> None:
    name = physical(Topic.EVENTS, world.prefix)
    producer = AIOKafkaProducer(bootstrap_servers=world.bootstrap, transactional_id=world.prefix + "upstream")
    await producer.start()
    try:
        async with producer.transaction():
            await producer.send_and_wait(name, b"committed", partition=0)
        await producer.begin_transaction()
        await producer.send_and_wait(name, b"aborted", partition=0)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(name, b"committed too", partition=0)
    finally:
        await producer.stop()
    handler = Keeping()
    async with running(world.config(Topic.EVENTS), handler, world.publisher) as run:
        await eventually(lambda: _count(handler, 2))
        assert run.metrics.value(OFFSETS_MISSING, topic="ensue.events") == 0
        await run.stop()
    assert handler.values == [b"committed", b"committed too"]
    assert sum(batch.missing for batch in handler.batches) == 0
    assert sum(batch.holes for batch in handler.batches) == 3  # two markers and the aborted record


async def _delete_before(world: World, partition: int, offset: int) -> None:
    async with admin_client(world.bootstrap) as admin:
        place = TopicPartition(physical(Topic.EVENTS, world.prefix), partition)
        await admin.delete_records({place: RecordsToDelete(before_offset=offset)})


def _count(handler: Keeping, number: int) -> None:
    assert len(handler.records) == number


def _has(handler: Keeping, value: bytes) -> None:
    assert value in handler.values


def _gap(missing: float) -> None:
    assert missing > 0
