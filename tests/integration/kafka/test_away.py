"""Kafka away: publishers say so by their deadline and recover or end; consumers wait, not ready, and lose nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.eventually import eventually
from tests.support.kafka_proxy import HOST, KafkaProxy
from tests.support.loops import Keeping, Running, World, publishing, running

from ensue.core.errors import Unavailable
from ensue.kafka.errors import SendDeadlineExceeded
from ensue.kafka.producer import PublisherConfig
from ensue.kafka.records import Handled
from ensue.runtime.publishing import Publisher
from ensue.wire.topics import OutgoingRecord, Topic

RECORD = OutgoingRecord(Topic.EVENTS, b"default/brief-1", b"event")


@pytest.fixture
async def proxy(world: World) -> AsyncIterator[KafkaProxy]:
    """A way to the broker that the test can cut."""
    proxy = KafkaProxy(world.bootstrap)
    await proxy.open()
    yield proxy
    await proxy.cut()


async def test_where_nobody_listens_publish_is_unavailable_by_its_deadline(world: World) -> None:
    nowhere = PublisherConfig(f"{HOST}:1", world.prefix, deadline_seconds=0.5)
    async with publishing(nowhere) as publisher:
        with pytest.raises(Unavailable):
            await publisher.check()
        async with asyncio.timeout(2.0):
            with pytest.raises(Unavailable, match="did not ack"):
                await publisher.publish([RECORD])


@pytest.mark.parametrize("fault", ["cut", "frozen"])
async def test_a_rebuilding_publisher_lives_on(world: World, proxy: KafkaProxy, fault: str) -> None:
    config = PublisherConfig(proxy.address, world.prefix, deadline_seconds=1.0, rebuilding=True)
    async with publishing(config) as publisher:
        await publisher.publish([RECORD])
        await publisher.check()
        await (proxy.cut() if fault == "cut" else _frozen(proxy))
        with pytest.raises(Unavailable):
            await publisher.publish([RECORD])
        with pytest.raises(Unavailable):
            await publisher.check()
        await (proxy.open() if fault == "cut" else _thawed(proxy))
        await eventually(lambda: _publishes(publisher), within=20)
        await publisher.check()


async def test_a_crash_only_publisher_is_spent_after_a_failure(world: World, proxy: KafkaProxy) -> None:
    async with publishing(PublisherConfig(proxy.address, world.prefix, deadline_seconds=0.5)) as publisher:
        await publisher.publish([RECORD])
        proxy.freeze()
        with pytest.raises(Unavailable):
            await publisher.publish([RECORD])
        proxy.thaw()
        with pytest.raises(Unavailable, match="only a restart is safe"):
            await publisher.publish([RECORD])


async def test_a_spent_publisher_does_not_hold_up_the_end_of_its_process(world: World, proxy: KafkaProxy) -> None:
    async with publishing(PublisherConfig(proxy.address, world.prefix, deadline_seconds=0.5)) as publisher:
        await publisher.publish([RECORD])
        proxy.freeze()
        with pytest.raises(Unavailable):
            await publisher.publish([RECORD])
        async with asyncio.timeout(2.0):
            await publisher.stop()


async def test_a_loop_whose_records_are_not_acked_by_the_deadline_ends_uncommitted(
    world: World, proxy: KafkaProxy
) -> None:
    await world.publish(Topic.EVENTS, b"one")

    async def fires(_: object) -> Handled:
        proxy.freeze()
        return Handled(records=[OutgoingRecord(Topic.FIRINGS, b"key", b"firing")])

    async with publishing(PublisherConfig(proxy.address, world.prefix, deadline_seconds=1.0)) as publisher:
        async with running(world.config(Topic.EVENTS), Keeping(fires), publisher) as run:
            with pytest.raises(SendDeadlineExceeded):
                await run.task
        proxy.thaw()
    assert sum((await world.committed(Topic.EVENTS)).values()) == 0


async def test_a_loop_outlives_an_outage_and_loses_nothing(world: World, proxy: KafkaProxy) -> None:
    through = World(proxy.address, world.prefix, world.publisher)
    handler = Keeping()
    async with running(through.config(Topic.EVENTS), handler, world.publisher) as run:
        await world.publish(Topic.EVENTS, b"before")
        await eventually(lambda: _has(handler, b"before"))
        await eventually(run.ready)
        await proxy.cut()
        await eventually(lambda: _not_ready(run))
        await world.publish(Topic.EVENTS, b"meanwhile")
        await proxy.open()
        await eventually(lambda: _has(handler, b"meanwhile"), within=30)
        await eventually(run.ready, within=30)
        await run.stop()
    assert sum((await world.committed(Topic.EVENTS)).values()) == 2


async def test_a_loop_that_starts_where_nobody_listens_waits_and_stops_at_once_when_asked(world: World) -> None:
    nowhere = World(f"{HOST}:1", world.prefix, world.publisher)
    async with running(nowhere.config(Topic.EVENTS), Keeping(), world.publisher) as run:
        await eventually(lambda: _not_ready(run, "Kafka is away"))
        async with asyncio.timeout(5.0):
            await run.stop()


async def _frozen(proxy: KafkaProxy) -> None:
    proxy.freeze()


async def _thawed(proxy: KafkaProxy) -> None:
    proxy.thaw()


async def _publishes(publisher: Publisher) -> None:
    try:
        await publisher.publish([RECORD])
    except Unavailable as error:
        raise AssertionError(str(error)) from error


def _has(handler: Keeping, value: bytes) -> None:
    assert value in handler.values


async def _not_ready(run: Running, why: str = "") -> None:
    with pytest.raises(Unavailable) as caught:
        await run.loop.check()
    assert why in str(caught.value)
