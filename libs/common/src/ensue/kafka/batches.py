"""From the client's records to batches that tile their partitions. Pure; called by `ensue.kafka.consumer`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from aiokafka import TopicPartition

from ensue.kafka.names import logical, physical
from ensue.kafka.records import Batch, IncomingRecord
from ensue.wire.topics import Topic

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RawRecord(Protocol):
    """What we need of the client's own record; `timestamp` in milliseconds since 1970."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class Progress:
    """What is expected next, by partition. Each batch begins where the one before it ended."""

    def __init__(self) -> None:
        self._expected: dict[TopicPartition, int] = {}
        self._missing: dict[TopicPartition, int] = {}

    def start(self, partition: TopicPartition, expected: int, missing: int) -> None:
        """From here on; `missing` offsets from `expected` on are lost."""
        self._expected[partition] = expected
        self._missing[partition] = missing

    def expected(self, partition: TopicPartition) -> int:
        """The first offset that no batch has accounted for."""
        return self._expected[partition]

    def clear(self) -> None:
        """Forget everything: other partitions are assigned."""
        self._expected.clear()
        self._missing.clear()

    def batch(self, partition: TopicPartition, prefix: str, records: Sequence[RawRecord]) -> Batch:
        """The next batch of `partition`, from at least one record."""
        topic = logical(partition.topic, prefix)
        batch = Batch(
            topic=topic,
            partition=partition.partition,
            records=incoming(topic, partition.partition, records),
            first_offset=self._expected[partition],
            next_offset=records[-1].offset + 1,
            missing=self._missing.pop(partition, 0),
        )
        self._expected[partition] = batch.next_offset
        return batch


class _Instants(dict[int, datetime]):
    """Instants of milliseconds since 1970, each made once: with append times, a whole batch of the broker has one."""

    def __missing__(self, milliseconds: int) -> datetime:
        at = self[milliseconds] = _EPOCH + timedelta(milliseconds=milliseconds)
        return at


def incoming(topic: Topic, partition: int, records: Iterable[RawRecord]) -> list[IncomingRecord]:
    """Our records of the client's."""
    at = _Instants()
    return [
        IncomingRecord(topic, partition, raw.offset, at[raw.timestamp], raw.key, raw.value, tuple(raw.headers))
        for raw in records
    ]


def next_offsets(batches: Iterable[Batch], prefix: str) -> dict[TopicPartition, int]:
    """What to commit once `batches` are done."""
    return {TopicPartition(physical(batch.topic, prefix), batch.partition): batch.next_offset for batch in batches}
