"""Batches tile their partition: each begins where the one before it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from ensue.kafka.batches import Progress, next_offsets
from ensue.wire.topics import Topic

PLACE = TopicPartition("test.ensue.events", 3)


@dataclass(frozen=True)
class Raw:
    """A record as the client has it."""

    offset: int
    timestamp: int = 1_760_000_000_123
    key: bytes | None = b"key"
    value: bytes | None = b"value"
    headers: tuple[tuple[str, bytes | None], ...] = (("a", None),)


def test_a_record_becomes_ours_with_its_append_time_to_the_millisecond() -> None:
    progress = Progress()
    progress.start(PLACE, 5, 0)
    (record,) = progress.batch(PLACE, "test.", [Raw(5)]).records
    assert (record.topic, record.partition, record.offset) == (Topic.EVENTS, 3, 5)
    assert record.appended_at == datetime(2025, 10, 9, 8, 53, 20, 123000, tzinfo=UTC)
    assert (record.key, record.value, record.headers) == (b"key", b"value", (("a", None),))


def test_what_is_lost_is_said_once_by_the_first_batch() -> None:
    progress = Progress()
    progress.start(PLACE, 2, 3)
    first, second = (progress.batch(PLACE, "test.", [Raw(offset)]) for offset in (5, 6))
    assert (first.first_offset, first.next_offset, first.missing, first.holes) == (2, 6, 3, 0)
    assert (second.first_offset, second.next_offset, second.missing, second.holes) == (6, 7, 0, 0)


@given(st.integers(0, 100), st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=5), min_size=1, max_size=6))
def test_batches_account_for_every_offset(start: int, steps: list[list[int]]) -> None:
    progress = Progress()
    progress.start(PLACE, start, 0)
    offset, batches = start - 1, []
    for step in steps:
        offsets = [offset := offset + by for by in step]
        batches.append(progress.batch(PLACE, "test.", [Raw(one) for one in offsets]))
    assert [batch.first_offset for batch in batches] == [start, *(batch.next_offset for batch in batches[:-1])]
    accounted = sum(batch.missing + batch.holes + len(batch.records) for batch in batches)
    assert accounted == offset + 1 - start
    assert progress.expected(PLACE) == offset + 1
    assert next_offsets(batches[-1:], "test.") == {PLACE: offset + 1}
