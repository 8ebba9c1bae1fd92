"""From the client's records to batches that tile their partitions. Pure; called by `ensue.kafka.consumer`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aiokafka import TopicPartition

from ensue.kafka.names import logical, physical
from ensue.kafka.records import Batch, RawRecord


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
            raw=records,
            first_offset=self._expected[partition],
            next_offset=records[-1].offset + 1,
            missing=self._missing.pop(partition, 0),
        )
        self._expected[partition] = batch.next_offset
        return batch


def next_offsets(batches: Iterable[Batch], prefix: str) -> dict[TopicPartition, int]:
    """What to commit once `batches` are done."""
    return {TopicPartition(physical(batch.topic, prefix), batch.partition): batch.next_offset for batch in batches}
