"""Two members of one group: what was read before partitions changed hands is never committed after."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.support.eventually import eventually
from tests.support.loops import Keeping, Running, World, running

from ensue.core.errors import Unavailable
from ensue.kafka.records import Batch, Handled
from ensue.runtime.metrics import OFFSET_COMMITS_REJECTED, REBALANCES, RECORDS_CONSUMED
from ensue.testing.publishing import RecordingPublisher
from ensue.wire.topics import OutgoingRecord, Topic

# Two keys, one in each of the two partitions.
LEFT, RIGHT = b"default/brief-1", b"default/brief-2"


async def test_what_was_read_before_a_rebalance_is_not_committed_when_the_partitions_come_back(world: World) -> None:
    await _publish_to_both(world, b"early")
    stuck, go_on, again = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stuck_twice(_: Sequence[Batch]) -> Handled:
        if not stuck.is_set():
            stuck.set()
            await go_on.wait()
            return Handled(records=[OutgoingRecord(Topic.FIRINGS, b"key", b"firing of the slow member")])
        again.set()
        await asyncio.Event().wait()
        return Handled()

    config = world.config(Topic.EVENTS, revoke_grace_seconds=0.1)
    slow, quick, published = Keeping(stuck_twice), Keeping(), RecordingPublisher()
    async with running(config, slow, published, drain_seconds=2.1) as first:
        await stuck.wait()
        async with running(config, quick, world.publisher) as second:
            await eventually(lambda: _has_something(quick), within=20)
            await _publish_to_both(world, b"late")
            await eventually(lambda: _has_late(quick), within=20)
            await second.stop()
        await eventually(lambda: _assigned_times(first, 3), within=20)
        committed_by_quick = await world.committed(Topic.EVENTS)
        assert sorted(committed_by_quick.values()) == [0, 2]

        go_on.set()  # the slow member ends what it read long ago; its partitions are its own again
        await again.wait()
        assert await world.committed(Topic.EVENTS) == committed_by_quick
        assert first.metrics.value(OFFSET_COMMITS_REJECTED) == 1
        assert published.records == []
        assert [(batch.first_offset, batch.next_offset) for batch in slow.batches[2:]] == [(0, 2)]
        await first.stop()


async def test_a_rebalance_waits_for_the_batch_in_hand_so_that_nobody_does_it_twice(world: World) -> None:
    await _publish_to_both(world, b"early")
    working = asyncio.Event()
    members: list[Running] = []

    async def ends_during_the_rebalance(_: Sequence[Batch]) -> Handled:
        if not working.is_set():
            working.set()
            await eventually(lambda: _lets_go(members[0]), within=20)
        return Handled()

    config = world.config(Topic.EVENTS)
    one, other = Keeping(ends_during_the_rebalance), Keeping()
    async with running(config, one, world.publisher) as first:
        members.append(first)
        await working.wait()
        async with running(config, other, world.publisher) as second:
            await eventually(second.ready, within=20)
            await eventually(first.ready, within=20)
            await _publish_to_both(world, b"late")
            await eventually(lambda: _all_done(world, 2), within=20)
            await second.stop()
        await first.stop()
    assert sorted(map(str, one.values + other.values)) == ["b'early'"] * 2 + ["b'late'"] * 2


async def test_a_rebalance_waits_for_what_is_on_its_way_out_and_nothing_is_begun_meanwhile(world: World) -> None:
    await _publish_to_both(world, b"early")
    publisher = RecordingPublisher()
    publisher.hold()

    async def fire(batches: Sequence[Batch]) -> Handled:
        return Handled([OutgoingRecord(Topic.FIRINGS, b"key", r.value) for batch in batches for r in batch.records])

    config = world.config(Topic.EVENTS)
    one, other = Keeping(fire), Keeping(fire)
    async with running(config, one, publisher) as first:
        await eventually(lambda: _is_publishing(publisher))
        async with running(config, other, publisher) as second:
            await eventually(lambda: _lets_go(first), within=20)
            seen = list(one.values)
            await _publish_to_both(world, b"late")
            publisher.release()
            await eventually(lambda: _all_done(world, 2), within=20)
            assert [value for value in one.values if value == b"early"] == seen
            taken = [run.metrics.value(RECORDS_CONSUMED, topic="ensue.events") for run in (first, second)]
            assert sum(taken) == 4  # what was read while it let go was not taken up
            await second.stop()
        await first.stop()
    assert sorted(str(record.value) for record in publisher.records) == ["b'early'"] * 2 + ["b'late'"] * 2


async def test_a_member_that_waits_for_a_server_gives_its_batch_up_when_partitions_change_hands(world: World) -> None:
    await _publish_to_both(world, b"early")

    async def no_server(_: Sequence[Batch]) -> Handled:
        raise Unavailable("PostgreSQL is away")

    config = world.config(Topic.EVENTS)
    waiting, healthy = Keeping(no_server), Keeping()
    async with running(config, waiting, world.publisher) as first:
        await eventually(lambda: _has_something(waiting))
        async with running(config, healthy, world.publisher) as second:
            await eventually(lambda: _has_something(healthy), within=20)
            await first.stop()
            await eventually(lambda: _all_done(world, 1), within=20)
            await second.stop()
    assert healthy.values == [b"early"] * 2


async def _publish_to_both(world: World, value: bytes) -> None:
    await world.publisher.publish([OutgoingRecord(Topic.EVENTS, key, value) for key in (LEFT, RIGHT)])


def _has_something(handler: Keeping) -> None:
    assert handler.records


def _has_late(handler: Keeping) -> None:
    assert b"late" in handler.values


def _is_publishing(publisher: RecordingPublisher) -> None:
    assert publisher.calls


def _lets_go(run: Running) -> None:
    """The member has heard of the rebalance and holds it up; from outside only slowness would show."""
    assert run.loop._consumer is not None
    assert run.loop._consumer.letting_go.is_set()


def _assigned_times(run: Running, times: int) -> None:
    assert run.metrics.value(REBALANCES) >= times


async def _all_done(world: World, offset: int) -> None:
    assert list((await world.committed(Topic.EVENTS)).values()) == [offset, offset]
