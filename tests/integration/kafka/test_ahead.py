"""A loop on a real broker decides ahead of what it publishes: by one answer, in order, and no commit runs ahead."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.support.eventually import eventually
from tests.support.loops import Keeping, World, running

from ensue.core.errors import Unavailable
from ensue.kafka.errors import SendDeadlineExceeded
from ensue.kafka.records import Batch, Handled
from ensue.testing.publishing import Failure, RecordingPublisher
from ensue.wire.topics import OutgoingRecord, Topic


async def test_a_handler_may_ask_for_the_rest_later_and_only_what_is_done_is_committed(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one", b"two", b"three")
    publisher = RecordingPublisher(None, Failure(Unavailable("away"), sent=1))
    asked: list[int] = []

    async def one_at_a_time(batches: Sequence[Batch]) -> Handled:
        asked.append(sum(len(batch.records) for batch in batches))
        first, rest = batches[0].cut(1)
        record = OutgoingRecord(Topic.FIRINGS, b"key", first.records[0].value)
        return Handled([record], rest=[] if rest is None else [rest])

    async with running(world.config(Topic.EVENTS), Keeping(one_at_a_time), publisher) as run:
        with pytest.raises(SendDeadlineExceeded):  # the crash is that of the second step
            await run.task
    assert asked == [3, 2, 1]
    assert sum((await world.committed(Topic.EVENTS)).values()) == 1

    async with running(world.config(Topic.EVENTS), Keeping(one_at_a_time), publisher) as run:
        await eventually(lambda: _holds(len(asked) == 5))
        await run.stop()
    assert asked[3:] == [2, 1]
    assert [record.value for record in publisher.records] == [b"one", b"two", b"two", b"three"]
    assert sum((await world.committed(Topic.EVENTS)).values()) == 3


async def test_a_batch_is_decided_while_the_one_before_it_is_published_and_goes_out_after_it(world: World) -> None:
    publisher = RecordingPublisher()
    publisher.hold()
    handler = Keeping(_firing)
    async with running(world.config(Topic.EVENTS), handler, publisher) as run:
        await world.publish(Topic.EVENTS, b"one")
        await eventually(lambda: _holds(publisher.calls == [1]))
        await world.publish(Topic.EVENTS, b"two")
        await eventually(lambda: _holds(handler.values == [b"one", b"two"]))
        assert publisher.calls == [1]
        assert sum((await world.committed(Topic.EVENTS)).values()) == 0
        publisher.release()
        await eventually(lambda: _holds(publisher.calls == [1, 1]))
        await run.stop()
    assert [record.value for record in publisher.records] == [b"one", b"two"]
    assert sum((await world.committed(Topic.EVENTS)).values()) == 2


async def test_when_a_publish_fails_what_was_decided_after_it_is_neither_published_nor_committed(world: World) -> None:
    publisher = RecordingPublisher(Failure(Unavailable("away")))
    publisher.hold()
    handler = Keeping(_firing)
    async with running(world.config(Topic.EVENTS), handler, publisher) as run:
        await world.publish(Topic.EVENTS, b"one")
        await eventually(lambda: _holds(publisher.calls == [1]))
        await world.publish(Topic.EVENTS, b"two")
        await eventually(lambda: _holds(handler.values == [b"one", b"two"]))
        publisher.release()
        with pytest.raises(SendDeadlineExceeded):
            await run.task
    assert publisher.records == []
    assert sum((await world.committed(Topic.EVENTS)).values()) == 0


async def test_a_publish_that_fails_while_nothing_is_read_ends_the_loop(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one")
    publisher = RecordingPublisher(Failure(Unavailable("away")))
    publisher.hold()
    handler = Keeping(_firing)
    async with running(world.config(Topic.EVENTS), handler, publisher) as run:
        await eventually(lambda: _holds(publisher.calls == [1]))
        publisher.release()
        with pytest.raises(SendDeadlineExceeded):
            await run.task


@pytest.mark.requirement("R18.9")
async def test_a_stop_waits_until_what_was_decided_is_published_and_committed(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one")
    publisher = RecordingPublisher()
    publisher.hold()
    handler = Keeping(_firing)
    async with running(world.config(Topic.EVENTS), handler, publisher) as run:
        await eventually(lambda: _holds(publisher.calls == [1]))
        run.stopping.set()
        asyncio.get_running_loop().call_later(0.3, publisher.release)
        await run.task
    assert sum((await world.committed(Topic.EVENTS)).values()) == 1


async def _firing(batches: Sequence[Batch]) -> Handled:
    """One firing a record."""
    return Handled([OutgoingRecord(Topic.FIRINGS, b"key", r.value) for batch in batches for r in batch.records])


def _holds(fact: bool) -> None:  # noqa: FBT001 - an assertion as an expression
    assert fact
