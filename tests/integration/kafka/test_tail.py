"""A topic read as a whole and kept up with: nothing that was acked before is missing after `catch_up`."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.admin import NewTopic
from tests.support.eventually import eventually
from tests.support.kafka_proxy import HOST, KafkaProxy
from tests.support.loops import World, publishing

from ensue.core.errors import Unavailable
from ensue.kafka.admin import admin_client
from ensue.kafka.names import physical
from ensue.kafka.producer import PublisherConfig
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


async def test_a_topic_made_anew_is_read_from_its_beginning(world: World) -> None:
    await world.publish(Topic.TRIGGERS, b"one", b"two", b"three")
    tail = TopicTail(world.bootstrap, Topic.TRIGGERS, world.prefix)
    await tail.start()
    try:
        assert len(await tail.catch_up()) == 3
        await _make_anew(world, Topic.TRIGGERS)
        async with publishing(PublisherConfig(world.bootstrap, world.prefix)) as publisher:
            await publisher.publish([OutgoingRecord(Topic.TRIGGERS, b"default/brief-1", b"new")])

        await eventually(lambda: _reads(tail, b"new"))
    finally:
        await tail.stop()


async def test_a_topic_that_is_seen_again_is_read_on(world: World) -> None:
    tail = TopicTail(world.bootstrap, Topic.TRIGGERS, world.prefix, deadline_seconds=2.0)
    await tail.start()
    try:
        await world.publish(Topic.TRIGGERS, b"one")
        assert len(await tail.catch_up()) == 1
        _lose_sight(tail)
        await world.publish(Topic.TRIGGERS, b"two")

        await eventually(lambda: _reads(tail, b"two"))
    finally:
        await tail.stop()


async def test_a_topic_that_went_away_is_not_taken_for_an_empty_one(world: World) -> None:
    tail = TopicTail(world.bootstrap, Topic.TRIGGERS, world.prefix, deadline_seconds=2.0)
    await tail.start()
    try:
        assert await tail.catch_up() == []
        async with admin_client(world.bootstrap) as admin:
            await admin.delete_topics([physical(Topic.TRIGGERS, world.prefix)])

        async def refused() -> None:
            try:
                await tail.catch_up()
            except Unavailable:
                return
            raise AssertionError

        await eventually(refused)
        assert tail._client is not None
        await tail._client._client.force_metadata_update()  # now the client, too, knows that there are no partitions
        await refused()
    finally:
        await tail.stop()


async def _reads(tail: TopicTail, value: bytes) -> None:
    """Exactly this, once it reads at all."""
    try:
        assert [record.value for record in await tail.catch_up()] == [value]
    except Unavailable as error:
        raise AssertionError(str(error)) from error


def _lose_sight(tail: TopicTail) -> None:
    """As when a broker that is just starting says that there is no such topic, and then that there is."""
    assert tail._client is not None
    partitions = list(tail._client.assignment())
    tail._client._subscription.assign_from_subscribed([])
    tail._client._subscription.assign_from_subscribed(partitions)


async def _make_anew(world: World, topic: Topic) -> None:
    async with admin_client(world.bootstrap) as admin:
        name = physical(topic, world.prefix)
        await admin.delete_topics([name])

        async def created() -> None:
            answer = await admin.create_topics([NewTopic(name, num_partitions=2, replication_factor=1)])
            assert [error[1] for error in answer.topic_errors] == [0]

        await eventually(created)


async def test_it_does_not_start_where_nobody_listens_or_the_topic_is_not(world: World) -> None:
    for bootstrap, prefix in ((f"{HOST}:1", world.prefix), (world.bootstrap, "nothing-here.")):
        with pytest.raises(Unavailable):
            await TopicTail(bootstrap, Topic.TRIGGERS, prefix, deadline_seconds=1.0).start()
