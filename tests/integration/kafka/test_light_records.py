"""Records taken without the client's copies are those that the client gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from tests.support.loops import World

from ensue.kafka.light_records import fetched
from ensue.kafka.names import physical
from ensue.kafka.records import RawRecord
from ensue.wire.topics import OutgoingRecord, Topic

Take = Callable[[], Awaitable[Mapping[TopicPartition, list[RawRecord]]]]
KEYS = (b"default/brief-2", b"default/brief-1", None)


@pytest.mark.parametrize("at_once", [1, 2, 7, 1000])
async def test_the_same_records_come_in_the_same_order_however_many_are_taken_at_once(
    world: World, at_once: int
) -> None:
    headers = (("ce_type", b"x"), ("empty", b""), ("twice", b"1"), ("twice", b"2"))
    records = [
        OutgoingRecord(Topic.EVENTS, KEYS[number % 3], None if number == 5 else str(number).encode(), headers)
        for number in range(30)
    ]
    await world.publisher.publish(records)
    async with _client(world) as plain, _client(world) as client:
        wanted = await _drained(lambda: plain.getmany(timeout_ms=5000), len(records))
        found = await _drained(lambda: fetched(client, 5000, at_once), len(records))
        assert _told(found) == _told(wanted)
        positions = {place: await client.position(place) for place in found}
    assert positions == {place: some[-1].offset + 1 for place, some in found.items()}


async def test_what_comes_after_the_first_is_not_copied(world: World) -> None:
    """A version of the client for which this fails is read correctly still, but slowly."""
    await world.publish(Topic.EVENTS, b"one", b"two", b"three")
    async with _client(world) as client:
        [[first, *others]] = (await fetched(client, 5000, 10)).values()
    assert isinstance(first, ConsumerRecord)
    assert [other.value for other in others] == [b"two", b"three"]
    assert not any(isinstance(other, ConsumerRecord) for other in others)


async def test_a_client_that_is_made_otherwise_gives_its_copies(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one", b"two")
    async with _client(world) as client:
        made_otherwise = _Otherwise(client)
        [records] = (await fetched(made_otherwise, 5000, 10)).values()
    assert [type(record) for record in records] == [ConsumerRecord] * 2
    assert [record.value for record in records] == [b"one", b"two"]


async def test_an_error_of_one_partition_does_not_take_the_record_of_another(world: World) -> None:
    await world.publish(Topic.EVENTS, b"one")
    async with _client(world) as client:
        broken = _Otherwise(client, TopicAuthorizationFailedError("not yours"))
        [records] = (await fetched(broken, 5000, 10)).values()
    assert [record.value for record in records] == [b"one"]


class _Otherwise:
    """A client without the parts that ours reaches into; its second answer may be an error."""

    def __init__(self, client: AIOKafkaConsumer, error: KafkaError | None = None) -> None:
        self._client = client
        self._error = error
        self._asked = 0

    async def getmany(self, **arguments: int) -> dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]:
        """As the client's."""
        self._asked += 1
        if self._asked > 1 and self._error is not None:
            raise self._error
        found: dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]] = await self._client.getmany(**arguments)
        return found


async def _drained(take: Take, count: int) -> dict[TopicPartition, list[RawRecord]]:
    taken: dict[TopicPartition, list[RawRecord]] = {}
    while sum(map(len, taken.values())) < count:
        for place, some in (await take()).items():
            taken.setdefault(place, []).extend(some)
    return taken


def _told(taken: dict[TopicPartition, list[RawRecord]]) -> dict[TopicPartition, list[object]]:
    return {
        place: [(one.offset, one.timestamp, one.key, one.value, tuple(one.headers)) for one in some]
        for place, some in taken.items()
    }


@asynccontextmanager
async def _client(world: World) -> AsyncIterator[AIOKafkaConsumer]:
    client = AIOKafkaConsumer(bootstrap_servers=world.bootstrap, group_id=None, auto_offset_reset="earliest")
    topic = physical(Topic.EVENTS, world.prefix)
    client.assign([TopicPartition(topic, partition) for partition in (0, 1)])
    await client.start()
    try:
        yield client
    finally:
        await client.stop()
