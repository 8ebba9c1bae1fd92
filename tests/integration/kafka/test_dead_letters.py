"""What cannot be processed goes to `ensue.dead` as it was, and its partition goes on."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c
from tests.support.eventually import eventually
from tests.support.loops import Keeping, World, running

from ensue.kafka.limits import MAX_MESSAGE_BYTES
from ensue.kafka.names import physical
from ensue.kafka.records import Batch, DeadLetter, Handled, IncomingRecord
from ensue.runtime.metrics import RECORDS_DEAD_LETTERED
from ensue.wire.topics import OutgoingRecord, Topic

GARBAGE = b"\xff\xfe not json \x00"


# A key for each of the two partitions.
KEYS = (b"default/brief-2", b"default/brief-1")


async def _garbage_dies(batches: Sequence[Batch]) -> Handled:
    return Handled(
        dead=[
            DeadLetter(record, "invalid_json", "not JSON, at 1")
            for batch in batches
            for record in batch.records
            if record.value in (GARBAGE, None)
        ]
    )


@pytest.mark.requirement("R2.17")
async def test_poison_goes_to_dead_untouched_and_the_next_record_is_processed(world: World) -> None:
    headers = (("ce_type", b"\xff"), ("ensue-dead-reason", b"died before"), ("twice", b"1"), ("twice", b"2"))
    await world.publisher.publish([OutgoingRecord(Topic.EVENTS, b"default/brief-1", GARBAGE, headers)])
    await world.publish(Topic.EVENTS, b"good")
    handler = Keeping(_garbage_dies)
    async with running(world.config(Topic.EVENTS, group="evaluator"), handler, world.publisher) as run:
        await eventually(lambda: _has(handler, b"good"))
        await run.stop()
        assert run.metrics.value(RECORDS_DEAD_LETTERED, topic="ensue.events", reason="invalid_json") == 1

    (dead,) = await world.on(Topic.DEAD)
    (poison,) = [record for record in handler.records if record.value == GARBAGE]
    assert (dead.key, dead.value) == (b"default/brief-1", GARBAGE)
    original = [header for header in dead.headers if not header[0].startswith("ensue-dead-")]
    assert original == [header for header in poison.headers if header[0] != "ensue-dead-reason"]
    assert dict(header for header in dead.headers if header[0].startswith("ensue-dead-")) == {
        "ensue-dead-reason": b"invalid_json",
        "ensue-dead-message": b"not JSON, at 1",
        "ensue-dead-group": b"evaluator",
        "ensue-dead-topic": b"ensue.events",
        "ensue-dead-partition": str(poison.partition).encode(),
        "ensue-dead-offset": str(poison.offset).encode(),
        "ensue-dead-timestamp": poison.appended_at.isoformat(timespec="milliseconds").encode(),
    }
    assert sum((await world.committed(Topic.EVENTS, group="evaluator")).values()) == 2


@pytest.mark.requirement("R2.17")
async def test_a_record_of_nothing_at_all_dies_and_the_next_is_processed(world: World) -> None:
    await world.publisher.publish(
        [OutgoingRecord(Topic.EVENTS, None, None), OutgoingRecord(Topic.EVENTS, None, b"good")]
    )
    handler = Keeping(_garbage_dies)
    async with running(world.config(Topic.EVENTS), handler, world.publisher) as run:
        await eventually(lambda: _has(handler, b"good"))
        await run.stop()
    (dead,) = await world.on(Topic.DEAD)
    assert (dead.key, dead.value) == (None, None)


@pytest.mark.requirement("R2.17")
async def test_a_header_name_that_is_not_text_does_not_hold_up_its_partition(world: World) -> None:
    await world.publish(Topic.EVENTS, b"before")
    place = (await world.on(Topic.EVENTS))[0].partition
    await _publish_with_broken_header_name(world, place, GARBAGE)
    await world.publish(Topic.EVENTS, b"good")
    handler = Keeping(_garbage_dies)
    async with running(world.config(Topic.EVENTS), handler, world.publisher) as run:
        await eventually(lambda: _has(handler, b"good"))
        await run.stop()

    assert handler.values == [b"before", GARBAGE, b"after in the same batch", b"good"]
    assert [record.offset for record in handler.records] == [0, 1, 2, 3]
    (dead,) = await world.on(Topic.DEAD)
    assert dead.value == GARBAGE
    assert dead.headers[0] == ("\\xff\\xfe\\xfdZ", b"1")


@pytest.mark.parametrize("broken", [0, 1])
async def test_what_was_fetched_with_a_broken_header_name_is_read_all_the_same(world: World, broken: int) -> None:
    """The client gives up the records of one partition that it had parsed, when it cannot parse those of another."""
    good = [str(number).encode() for number in range(20)]
    for partition in (0, 1):
        await world.publish(Topic.EVENTS, *good, key=KEYS[partition])
    await _publish_with_broken_header_name(world, broken, GARBAGE)
    for partition in (0, 1):
        await world.publish(Topic.EVENTS, b"after", key=KEYS[partition])
    handler = Keeping()
    async with running(world.config(Topic.EVENTS), handler, world.publisher) as run:
        await eventually(lambda: _has_read(handler, 44))
        await run.stop()
    for partition in (0, 1):
        values = [record.value for record in handler.records if record.partition == partition]
        assert values == [*good, *([GARBAGE, b"after in the same batch"] if partition == broken else []), b"after"]


async def test_an_outgoing_record_that_is_too_large_becomes_a_dead_letter(world: World) -> None:
    await world.publish(Topic.FIRINGS, b"cause")
    large = OutgoingRecord(Topic.EVENTS, b"key", b"x" * MAX_MESSAGE_BYTES[Topic.EVENTS], (("ce_type", b"t"),))

    async def too_much(_: Sequence[Batch]) -> Handled:
        return Handled(records=[large, OutgoingRecord(Topic.EVENTS, b"key", b"small")])

    async with running(world.config(Topic.FIRINGS), Keeping(too_much), world.publisher) as run:
        await eventually(lambda: _all_committed(world))
        await run.stop()
        assert run.metrics.value(RECORDS_DEAD_LETTERED, topic="ensue.events", reason="too_large") == 1

    assert [record.value for record in await world.on(Topic.EVENTS)] == [b"small"]
    (dead,) = await world.on(Topic.DEAD)
    assert (dead.key, dead.value, dead.headers[0]) == (large.key, large.value, ("ce_type", b"t"))
    assert _header(dead, "ensue-dead-reason") == b"too_large"
    assert _header(dead, "ensue-dead-partition") == b"-1"


async def test_a_dead_letter_that_is_too_large_itself_is_told_without_its_value(world: World) -> None:
    limit = MAX_MESSAGE_BYTES[Topic.FIRINGS]
    await world.publish(Topic.FIRINGS, b"x" * (limit - 200))

    async def all_dies(batches: Sequence[Batch]) -> Handled:
        return Handled(dead=[DeadLetter(one, "invalid_record", "é" * 2000) for b in batches for one in b.records])

    async with running(world.config(Topic.FIRINGS), Keeping(all_dies), world.publisher) as run:
        await eventually(lambda: _all_committed(world))
        await run.stop()

    (dead,) = await world.on(Topic.DEAD)
    message = _header(dead, "ensue-dead-message")
    assert dead.value is None
    assert len(message) <= 1024
    assert message.decode().endswith(f"(the value of {limit - 200} bytes is left out)")


async def test_a_dead_letter_that_cannot_be_read_is_not_copied_to_where_it_is(world: World) -> None:
    await world.publish(Topic.DEAD, GARBAGE)
    handler = Keeping(_garbage_dies)
    async with running(world.config(Topic.DEAD), handler, world.publisher) as run:
        await eventually(lambda: _has(handler, GARBAGE))
        await run.stop()
    assert len(await world.on(Topic.DEAD)) == 1


async def _publish_with_broken_header_name(world: World, partition: int, value: bytes) -> None:
    """What no client writes: the name of a header made invalid in the bytes of a batch, its checksum made right."""
    producer = AIOKafkaProducer(bootstrap_servers=world.bootstrap)
    await producer.start()
    try:
        batch = producer.create_batch()
        batch.append(timestamp=None, key=b"key", value=value, headers=[("ZZZZ", b"1")])
        batch.append(timestamp=None, key=b"key", value=b"after in the same batch", headers=[])
        data = bytearray(batch._build())
        begin = data.index(b"ZZZZ")
        data[begin : begin + 3] = b"\xff\xfe\xfd"
        struct.pack_into(">I", data, 17, calc_crc32c(bytes(data[21:])))
        batch._buffer = bytes(data)
        await (await producer.send_batch(batch, physical(Topic.EVENTS, world.prefix), partition=partition))
    finally:
        await producer.stop()


def _has_read(handler: Keeping, count: int) -> None:
    assert len(handler.records) >= count


def _has(handler: Keeping, value: bytes) -> None:
    assert value in handler.values


async def _all_committed(world: World) -> None:
    assert sum((await world.committed(Topic.FIRINGS)).values()) == 1


def _header(record: IncomingRecord, name: str) -> bytes:
    (value,) = [value for found, value in record.headers if found == name]
    assert value is not None
    return value
