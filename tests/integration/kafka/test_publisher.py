"""The publisher on a real broker: acked is there, in order within a key, never too large, with one traceparent."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from tests.support.eventually import eventually
from tests.support.loops import Keeping, World, running

from ensue.core.outcome import Reason
from ensue.kafka.admin import admin_client
from ensue.kafka.errors import RecordTooLarge
from ensue.kafka.limits import MAX_MESSAGE_BYTES
from ensue.kafka.names import physical
from ensue.kafka.records import Handled
from ensue.kafka.tracing import context_of
from ensue.runtime.metrics import RECORDS_DEAD_LETTERED
from ensue.wire.topics import OutgoingRecord, Topic

SPAN = SpanContext(
    trace_id=0xAF7651916CD43DD8448EB211C80319C0,
    span_id=0xB7AD6B7169203331,
    is_remote=False,
    trace_flags=TraceFlags(TraceFlags.SAMPLED),
)
PARENT = b"00-af7651916cd43dd8448eb211c80319c0-b7ad6b7169203331-01"


@pytest.mark.parametrize("number", [1, 3, 4, 5000])
async def test_acked_means_there_in_order_within_each_key(world: World, number: int) -> None:
    keys = [b"default/%d" % index for index in range(7)]
    records = [
        OutgoingRecord(Topic.FIRINGS, keys[index % 7], b"%d" % index + b"." * 500, (("n", b"%d" % index),))
        for index in range(number)
    ]
    await world.publisher.publish(records)
    found = await world.on(Topic.FIRINGS)
    for key in keys:
        assert [(r.value, r.headers) for r in found if r.key == key] == [
            (r.value, r.headers) for r in records if r.key == key
        ]


async def test_many_callers_at_once(world: World) -> None:
    await asyncio.gather(*(world.publish(Topic.EVENTS, b"%d" % number) for number in range(200)))
    assert {record.value for record in await world.on(Topic.EVENTS)} == {b"%d" % number for number in range(200)}


async def test_a_record_over_its_topics_limit_is_refused_before_anything_is_sent(world: World) -> None:
    large = OutgoingRecord(Topic.EVENTS, b"key", b"x" * MAX_MESSAGE_BYTES[Topic.EVENTS])
    with pytest.raises(RecordTooLarge) as caught:
        await world.publisher.publish([OutgoingRecord(Topic.EVENTS, b"key", b"small"), large])
    assert caught.value.record is large
    assert await world.on(Topic.EVENTS) == []


async def test_the_largest_record_that_we_let_through_is_one_that_the_broker_takes(world: World) -> None:
    overhead = 250  # the batch, the record, the key, a traceparent
    for topic in (Topic.EVENTS, Topic.FIRINGS, Topic.DEAD):
        value = b"x" * (MAX_MESSAGE_BYTES[topic] - overhead)
        await world.publisher.publish([OutgoingRecord(topic, b"key", value)])
        assert [record.value for record in await world.on(topic)] == [value]


async def test_a_record_that_only_the_broker_finds_too_large_is_named_and_the_publisher_lives_on(world: World) -> None:
    await _set_limit(world, Topic.EVENTS, 3000)
    await world.publish(Topic.EVENTS, b"first", key=b"key")
    small = [OutgoingRecord(Topic.EVENTS, b"key", b"%d" % number * 100) for number in range(8)]
    large = OutgoingRecord(Topic.EVENTS, b"key", b"x" * 5000)
    with pytest.raises(RecordTooLarge) as caught:
        await world.publisher.publish([*small, large])
    assert caught.value.record is large
    await world.publisher.publish(small)  # the sequence numbers of the refused batch are no obstacle
    values = [record.value for record in await world.on(Topic.EVENTS)]
    assert values == [b"first", *(record.value for record in small), *(record.value for record in small)]


async def test_small_records_pass_one_by_one_where_their_batch_is_too_large_for_the_broker(world: World) -> None:
    await _set_limit(world, Topic.EVENTS, 3000)
    records = [OutgoingRecord(Topic.EVENTS, b"key", b"%d" % number * 500) for number in range(9)]
    await world.publisher.publish(records)
    assert [record.value for record in await world.on(Topic.EVENTS)] == [record.value for record in records]


async def test_a_loop_makes_a_dead_letter_of_what_only_the_broker_finds_too_large(world: World) -> None:
    await _set_limit(world, Topic.EVENTS, 3000)
    await world.publish(Topic.FIRINGS, b"cause")
    large, small = (OutgoingRecord(Topic.EVENTS, b"key", value) for value in (b"x" * 5000, b"small"))

    async def too_much(_: object) -> Handled:
        return Handled(records=[large, small])

    async with running(world.config(Topic.FIRINGS), Keeping(too_much), world.publisher) as run:
        await eventually(lambda: _committed(world))
        await run.stop()
        assert run.metrics.value(RECORDS_DEAD_LETTERED, topic="ensue.events", reason=Reason.TOO_LARGE.value) == 1
    assert [record.value for record in await world.on(Topic.DEAD)] == [large.value]
    assert {record.value for record in await world.on(Topic.EVENTS)} == {b"small"}


@pytest.mark.requirement("R6.3")
async def test_every_event_has_exactly_one_traceparent(world: World) -> None:
    echoed = ("traceparent", b"00-11111111111111111111111111111111-2222222222222222-00")
    await world.publisher.publish([OutgoingRecord(Topic.SYSTEM, b"k", b"new")])
    await world.publisher.publish([OutgoingRecord(Topic.SYSTEM, b"k", b"carried", (echoed, ("ce_id", b"1"), echoed))])
    with trace.use_span(NonRecordingSpan(SPAN)):
        await world.publisher.publish([OutgoingRecord(Topic.SYSTEM, b"k", b"in a span", (echoed,))])

    records = {record.value: record for record in await world.on(Topic.SYSTEM)}
    written = {value: [v for n, v in r.headers if n == "traceparent"] for value, r in records.items()}
    assert {len(values) for values in written.values()} == {1}
    assert written[b"carried"] == [echoed[1]]
    assert written[b"in a span"] == [PARENT]
    assert trace.get_current_span(context_of(records[b"in a span"])).get_span_context().trace_id == SPAN.trace_id
    assert trace.get_current_span(context_of(records[b"new"])).get_span_context().is_valid


async def _set_limit(world: World, topic: Topic, limit: int) -> None:
    async with admin_client(world.bootstrap) as admin:
        name = physical(topic, world.prefix)
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"max.message.bytes": str(limit)})])

    async def in_force() -> None:
        async with admin_client(world.bootstrap) as admin:
            (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
            assert {entry[0]: entry[1] for entry in answer.resources[0][4]}["max.message.bytes"] == str(limit)

    await eventually(in_force)


async def _committed(world: World) -> None:
    assert sum((await world.committed(Topic.FIRINGS)).values()) == 1
