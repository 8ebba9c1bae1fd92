"""A consume loop on a real broker: what goes in comes out, and what is committed was handled and acked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.support.eventually import eventually
from tests.support.loops import Keeping, World, running

from ensue.core.errors import Unavailable
from ensue.kafka.admin import admin_client
from ensue.kafka.errors import HandlerStuck, SendDeadlineExceeded
from ensue.kafka.names import physical
from ensue.kafka.records import Batch, Handled
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import (
    CONSUMER_LAG,
    HANDLER_RETRIES,
    OFFSET_COMMITS,
    OFFSET_COMMITS_REJECTED,
    RECORDS_CONSUMED,
)
from ensue.testing.publishing import RecordingPublisher
from ensue.wire.topics import OutgoingRecord, Topic


async def test_a_record_comes_out_as_it_went_in(world: World) -> None:
    headers = (("ce_type", b"brief.approved"), ("ce_type", b"again"), ("content-type", b"application/json"))
    await world.publisher.publish([OutgoingRecord(Topic.FIRINGS, b"\x00key", b"\xff\x00value", headers)])
    handler = Keeping()
    async with running(world.config(Topic.FIRINGS), handler, world.publisher) as run:
        await eventually(lambda: _holds(len(handler.records) == 1))
        await run.stop()

    (record,) = handler.records
    assert (record.topic, record.key, record.value, record.headers) == (
        Topic.FIRINGS,
        b"\x00key",
        b"\xff\x00value",
        headers,
    )
    assert timedelta(0) < SystemClock().now() - record.appended_at < timedelta(minutes=1)


@pytest.mark.requirement("R2.5")
async def test_all_records_of_one_subject_land_in_one_partition_singly_or_in_batches(world: World) -> None:
    subjects = [b"default/variant-%d" % number for number in range(8)]
    await world.publisher.publish([OutgoingRecord(Topic.EVENTS, subject, b"single") for subject in subjects])
    await world.publisher.publish([OutgoingRecord(Topic.EVENTS, s, b"batch") for s in subjects for _ in range(20)])

    partitions: dict[bytes | None, set[int]] = {}
    for record in await world.on(Topic.EVENTS):
        partitions.setdefault(record.key, set()).add(record.partition)
    assert all(len(places) == 1 for places in partitions.values())
    assert set.union(*partitions.values()) == {0, 1}


async def test_a_new_group_begins_at_the_beginning_and_says_so_to_the_broker(world: World) -> None:
    await world.publish(Topic.EVENTS, b"before the group")
    handler = Keeping()
    async with running(world.config(Topic.EVENTS), handler, world.publisher) as run:
        await eventually(lambda: _holds(handler.values == [b"before the group"]))
        await run.stop()
    assert sorted((await world.committed(Topic.EVENTS)).values()) == [0, 1]  # the empty partition's start too


async def test_after_a_crash_before_the_commit_the_same_batch_comes_again(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one", b"two", b"three")
    never = asyncio.Event()
    crashing = Keeping(lambda _: _waiting_for(never))
    async with running(world.config(Topic.EVENTS), crashing, world.publisher):
        await eventually(lambda: _holds(len(crashing.records) == 3))

    second = Keeping()
    async with running(world.config(Topic.EVENTS), second, world.publisher) as run:
        await eventually(lambda: _holds(len(second.records) == 3))
        await run.stop()
    first, again = ([replace(batch, raw=batch.records) for batch in each.batches] for each in (crashing, second))
    assert again == first


async def test_batches_tile_their_partition(world: World) -> None:
    handler = Keeping()
    async with running(world.config(Topic.EVENTS, max_records=3), handler, world.publisher) as run:
        for _ in range(4):
            await world.publish(Topic.EVENTS, b"a", b"b", b"c", b"d", b"e")
        await eventually(lambda: _holds(len(handler.records) == 20))
        await run.stop()

    assert [batch.first_offset for batch in handler.batches[1:]] == [b.next_offset for b in handler.batches[:-1]]
    assert handler.batches[0].first_offset == 0
    assert all(len(batch.records) <= 3 and batch.missing == batch.holes == 0 for batch in handler.batches)


async def test_what_was_not_acked_is_not_committed_and_ends_the_loop(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one")
    broker_that_does_not_ack = RecordingPublisher()
    broker_that_does_not_ack.away = True
    handler = Keeping(lambda _: _returning(OutgoingRecord(Topic.FIRINGS, b"key", b"firing")))
    async with running(world.config(Topic.EVENTS), handler, broker_that_does_not_ack) as run:
        with pytest.raises(SendDeadlineExceeded):
            await run.task
    assert sum((await world.committed(Topic.EVENTS)).values()) == 0


async def test_records_are_published_before_their_cause_is_committed(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one")
    publisher = RecordingPublisher()
    publisher.hold()
    handler = Keeping(lambda _: _returning(OutgoingRecord(Topic.FIRINGS, b"key", b"firing")))
    async with running(world.config(Topic.EVENTS), handler, publisher) as run:
        await eventually(lambda: _holds(publisher.calls == [1]))
        assert sum((await world.committed(Topic.EVENTS)).values()) == 0
        publisher.release()
        await run.stop()
    assert sum((await world.committed(Topic.EVENTS)).values()) == 1


@pytest.mark.requirement("R18.9")
async def test_a_stop_ends_the_batch_in_hand_and_commits_it(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one", b"two")
    working, may_end = asyncio.Event(), asyncio.Event()

    async def long_work(_: Sequence[Batch]) -> Handled:
        working.set()
        await may_end.wait()
        return Handled()

    async with running(world.config(Topic.EVENTS), Keeping(long_work), world.publisher) as run:
        await working.wait()
        run.stopping.set()
        asyncio.get_running_loop().call_later(0.3, may_end.set)  # the work goes on for a while after the stop
        await run.task
    assert sum((await world.committed(Topic.EVENTS)).values()) == 2


async def test_a_stop_hands_back_what_does_not_end_in_time(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one")
    handler = Keeping(lambda _: _waiting_for(asyncio.Event()))
    async with running(world.config(Topic.EVENTS), handler, world.publisher, drain_seconds=2.5) as run:
        await eventually(lambda: _holds(len(handler.records) == 1))
        await run.stop()
    assert sum((await world.committed(Topic.EVENTS)).values()) == 0


async def test_while_the_handler_waits_for_a_server_the_same_batch_is_tried_again(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one")
    away = [Unavailable("PostgreSQL is away")] * 3

    async def needs_a_server(_: Sequence[Batch]) -> Handled:
        if away:
            raise away.pop()
        return Handled()

    handler = Keeping(needs_a_server)
    async with running(world.config(Topic.EVENTS), handler, world.publisher) as run:
        await eventually(lambda: _not_ready_because(run.loop.check, "PostgreSQL is away"))
        await eventually(run.ready)
        await run.stop()
        assert handler.values == [b"one"] * 4
        assert run.metrics.value(HANDLER_RETRIES) == 3
    assert sum((await world.committed(Topic.EVENTS)).values()) == 1


async def test_any_other_failure_of_the_handler_ends_the_loop_uncommitted(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one")

    async def defect(_: Sequence[Batch]) -> Handled:
        raise KeyError("a defect")

    async with running(world.config(Topic.EVENTS), Keeping(defect), world.publisher) as run:
        with pytest.raises(KeyError):
            await run.task
    assert sum((await world.committed(Topic.EVENTS)).values()) == 0


async def test_a_handler_that_does_not_come_back_ends_the_loop(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one")
    handler = Keeping(lambda _: _waiting_for(asyncio.Event()))
    async with running(world.config(Topic.EVENTS, max_handle_seconds=0.2), handler, world.publisher) as run:
        with pytest.raises(HandlerStuck):
            await run.task


async def test_a_loop_one_of_whose_topics_is_not_there_is_not_ready(world: World) -> None:
    absent = physical(Topic.SYSTEM, world.prefix)
    async with admin_client(world.bootstrap) as admin:
        await admin.delete_topics([absent])
    async with running(world.config(Topic.EVENTS, Topic.SYSTEM), Keeping(), world.publisher) as run:
        await eventually(lambda: _not_ready_because(run.loop.check, f"does not have the topics {absent}"))
        await run.stop()


async def test_it_counts(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one", b"two")
    handler = Keeping()
    async with running(world.config(Topic.EVENTS), handler, world.publisher) as run:
        await eventually(lambda: _holds(len(handler.records) == 2))
        place = handler.batches[0].partition
        await eventually(lambda: _holds(run.metrics.value(CONSUMER_LAG, topic="ensue.events", partition=place) == 0))
        await run.stop()
        assert run.metrics.value(RECORDS_CONSUMED, topic="ensue.events") == 2
        assert run.metrics.value(OFFSET_COMMITS) == 2  # the start of the group, and the batch
        assert run.metrics.value(OFFSET_COMMITS_REJECTED) == 0
        shown = run.metrics.render().decode()
        assert 'ensue_event_age_seconds_count{topic="ensue.events"} 1.0' in shown
        assert f'ensue_consumer_lag_records{{partition="{place}",topic="ensue.events"}} 0.0' in shown


def _holds(fact: bool) -> None:  # noqa: FBT001 - an assertion as an expression
    assert fact


async def _waiting_for(event: asyncio.Event) -> Handled:
    await event.wait()
    return Handled()


async def _returning(*records: OutgoingRecord) -> Handled:
    return Handled(records=records)


async def _not_ready_because(check: Callable[[], Awaitable[None]], reason: str) -> None:
    with pytest.raises(Unavailable) as caught:
        await check()
    assert reason in str(caught.value)
