"""A topic read as a whole and kept up with: nothing that was acked before is missing after `catch_up`."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.kafka_proxy import HOST, KafkaProxy
from tests.support.loops import World

from ensue.core.errors import Unavailable
from ensue.kafka.tail import TopicTail
from ensue.wire.topics import OutgoingRecord, Topic


async def test_it_returns_every_record_once(world: World) -> None:
    await world.publish(Topic.TRIGGERS, b"old")
    tail = TopicTail(world.bootstrap, Topic.TRIGGERS, world.prefix)
    await tail.start()
    try:
        assert [record.value for record in await tail.catch_up()] == [b"old"]
        assert await tail.catch_up() == []
        await world.publish(Topic.TRIGGERS, b"new", b"newer")
        assert [record.value for record in await tail.catch_up()] == [b"new", b"newer"]
        assert await tail.catch_up() == []
    finally:
        await tail.stop()


async def test_what_was_acked_before_is_there_after(world: World) -> None:
    tail = TopicTail(world.bootstrap, Topic.TRIGGERS, world.prefix)
    await tail.start()
    try:
        for number in range(50):
            key, value = b"default/%d" % number, b"%d" % number
            await world.publisher.publish([OutgoingRecord(Topic.TRIGGERS, key, value)])
            assert [record.value for record in await tail.catch_up()] == [value]
    finally:
        await tail.stop()


async def test_calls_at_the_same_time_share_the_records_between_them(world: World) -> None:
    tail = TopicTail(world.bootstrap, Topic.TRIGGERS, world.prefix)
    await tail.start()
    try:
        await world.publish(Topic.TRIGGERS, *(b"%d" % number for number in range(100)))
        answers = await asyncio.gather(tail.catch_up(), tail.catch_up())
        assert sum(map(len, answers)) == 100
    finally:
        await tail.stop()


async def test_kafka_away_is_unavailable_and_afterwards_nothing_is_missing(world: World) -> None:
    proxy = KafkaProxy(world.bootstrap)
    await proxy.open()
    tail = TopicTail(proxy.address, Topic.TRIGGERS, world.prefix, deadline_seconds=2.0)
    await tail.start()
    try:
        await world.publish(Topic.TRIGGERS, b"one")
        assert len(await tail.catch_up()) == 1
        await proxy.cut()
        await world.publish(Topic.TRIGGERS, b"two")
        with pytest.raises(Unavailable):
            await tail.catch_up()
        await proxy.open()
        assert [record.value for record in await tail.catch_up()] == [b"two"]
    finally:
        await tail.stop()
        await proxy.cut()


async def test_it_does_not_start_where_nobody_listens_or_the_topic_is_not(world: World) -> None:
    for bootstrap, prefix in ((f"{HOST}:1", world.prefix), (world.bootstrap, "nothing-here.")):
        with pytest.raises(Unavailable):
            await TopicTail(bootstrap, Topic.TRIGGERS, prefix, deadline_seconds=1.0).start()
