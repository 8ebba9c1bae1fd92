"""Producers of other people's compress as they like; whatever Kafka takes is read."""

from __future__ import annotations

import pytest
from aiokafka import AIOKafkaProducer
from tests.support.eventually import eventually
from tests.support.loops import Keeping, World, running

from ensue.kafka.names import physical
from ensue.wire.topics import Topic

CODECS = ("gzip", "snappy", "lz4", "zstd")


@pytest.mark.parametrize("codec", CODECS)
async def test_a_compressed_record_is_read_by_loops_and_tails(world: World, codec: str) -> None:
    value = b"approved " * 100
    producer = AIOKafkaProducer(bootstrap_servers=world.bootstrap, compression_type=codec)
    await producer.start()
    try:
        await producer.send_and_wait(physical(Topic.EVENTS, world.prefix), value, key=b"default/brief-1")
    finally:
        await producer.stop()

    assert [record.value for record in await world.on(Topic.EVENTS)] == [value]
    handler = Keeping()
    async with running(world.config(Topic.EVENTS), handler, world.publisher) as run:
        await eventually(lambda: _has(handler, value))
        await run.stop()


def _has(handler: Keeping, value: bytes) -> None:
    assert handler.values == [value]
