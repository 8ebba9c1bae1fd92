"""Hands records to the client: grouped by partition, many of one partition as a batch built here, few of them singly.

Called by `ensue.kafka.producer`. Building a batch costs 1 us a record where a single send costs 8; but single sends of
concurrent callers share a request, and those of many callers would wait for each other as batches.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from ensue.kafka.names import physical
from ensue.kafka.partitioner import partition_of
from ensue.wire.topics import OutgoingRecord, Topic

_BATCH_FROM = 4

Place = tuple[str, int]  # a topic as the cluster calls it, and a partition of it
Sent = tuple[Sequence[OutgoingRecord], "asyncio.Future[Any]"]  # records, and when they are acked


async def hand_over(
    producer: AIOKafkaProducer, prefix: str, records: Sequence[OutgoingRecord], keyless: int
) -> list[Sent]:
    """Hands all `records` over; the futures tell when they are acked, or why not. `keyless` picks the partition of
    those without a key: all of one call go to the same one.
    """
    groups = await grouped(producer, prefix, records, keyless)
    sent = await asyncio.gather(*(_send(producer, place, group) for place, group in groups.items()))
    return [one for some in sent for one in some]


async def send_alone(producer: AIOKafkaProducer, prefix: str, record: OutgoingRecord) -> None:
    """Sends `record` as a batch of its own and waits for its ack, so that a refusal means this record."""
    for place, group in (await grouped(producer, prefix, [record], 0)).items():
        for _, future in await _send_batches(producer, place, group):
            await future


async def grouped(
    producer: AIOKafkaProducer, prefix: str, records: Sequence[OutgoingRecord], keyless: int
) -> Mapping[Place, list[OutgoingRecord]]:
    """`records` by the partition that their keys say, in order."""
    groups: defaultdict[tuple[Topic, int], list[OutgoingRecord]] = defaultdict(list)
    sizes = {topic: await _size(producer, physical(topic, prefix)) for topic in {record.topic for record in records}}
    for record in records:
        topic, key = record.topic, record.key
        size = sizes[topic]
        groups[topic, keyless % size if key is None else partition_of(key, size)].append(record)
    return {(physical(topic, prefix), partition): group for (topic, partition), group in groups.items()}


async def _size(producer: AIOKafkaProducer, topic: str) -> int:
    return len(await producer.partitions_for(topic))


async def _send(producer: AIOKafkaProducer, place: Place, group: list[OutgoingRecord]) -> list[Sent]:
    if len(group) >= _BATCH_FROM or any(record.key is None and record.value is None for record in group):
        return await _send_batches(producer, place, group)  # a record of nothing at all passes only this way
    return [([record], await _send_single(producer, place, record)) for record in group]


async def _send_single(producer: AIOKafkaProducer, place: Place, record: OutgoingRecord) -> asyncio.Future[Any]:
    topic, partition = place
    future: asyncio.Future[Any] = await producer.send(
        topic, record.value, record.key, partition=partition, headers=list(record.headers)
    )
    return future


async def _send_batches(producer: AIOKafkaProducer, place: Place, group: list[OutgoingRecord]) -> list[Sent]:
    sent: list[Sent] = []
    rest = group
    while rest:
        builder = producer.create_batch()
        taken = _fill(builder, rest)
        builder.close()
        topic, partition = place
        sent.append((rest[:taken], await producer.send_batch(builder, topic, partition=partition)))
        rest = rest[taken:]
    return sent


def _fill(builder: Any, records: Sequence[OutgoingRecord]) -> int:  # noqa: ANN401 - the client has no types
    """Puts as many of `records` into the batch as it holds, at least one; says how many."""
    append = builder.append
    shared: tuple[tuple[str, bytes], ...] | None = None  # most of what follows one another has the very same headers
    headers: list[tuple[str, bytes]] = []
    for number, record in enumerate(records):
        if record.headers is not shared:
            shared, headers = record.headers, list(record.headers)
        if append(timestamp=None, key=record.key, value=record.value, headers=headers) is None:
            return number
    return len(records)
