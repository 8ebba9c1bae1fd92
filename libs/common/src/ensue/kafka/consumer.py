"""One membership in a consumer group: explicit positions, fetches under a token, commits only under the same token.

Called by `ensue.kafka.loop`, which makes a new one when this one raises ConsumerLost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    CorruptRecordException,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from ensue.kafka.assignment import Assignment
from ensue.kafka.batches import Progress, next_offsets
from ensue.kafka.config import LoopConfig
from ensue.kafka.errors import ConsumerLost
from ensue.kafka.light_records import fetched
from ensue.kafka.names import logical, physical
from ensue.kafka.positions import Standing, Start, start_of
from ensue.kafka.records import Batch, RawRecord
from ensue.kafka.salvage import unreadable
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import OFFSET_COMMITS, OFFSET_COMMITS_REJECTED, OFFSETS_MISSING, Metrics

_UNREADABLE = (CorruptRecordException, ValueError, IndexError)  # what the client raises on a header it cannot decode
_NOT_YET = -1
_ANSWER_SECONDS = 30.0
_PROBE_SECONDS = 3.0
_HEARTBEAT_MS = 1000  # members learn by it that the group rebalances
_REBALANCE_MS = 30_000  # until then every member must have let go of its batch in hand
_NEVER_MS = 7 * 24 * 3600 * 1000  # a stuck handler is ended by the loop; waiting for a server keeps its partitions
_METADATA_MS = 60_000  # new partitions are found within this

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Batches, and the token under which they were read."""

    token: int
    batches: Sequence[Batch]


class GroupConsumer:
    """A member of the group. `start`, then `fetch` and `commit`, one of each at a time; `close` at the end."""

    def __init__(self, config: LoopConfig, idle: asyncio.Event, metrics: Metrics) -> None:
        self._config = config
        self._metrics = metrics
        self._topics = [physical(topic, config.topic_prefix) for topic in config.topics]
        self._assignment = Assignment(idle, config.revoke_grace_seconds, metrics)
        self._progress = Progress()
        self._positioned = _NOT_YET  # the token under which the positions were set
        self._client = _new_client(config)

    async def start(self) -> None:
        """Connects and joins the group; returns with the first assignment, however long that takes."""
        with _failures_as_ours():
            self._client.subscribe(self._topics, listener=self._assignment)
            await self._client.start()

    async def close(self, within_seconds: float) -> None:
        """Leaves the group, if that can be said within the time; never raises."""
        with suppress(KafkaError, OSError):
            async with asyncio.timeout(within_seconds):
                await self._client.stop()

    @property
    def assigned(self) -> bool:
        """Whether this member knows its partitions (which may be none: a spare)."""
        return self._assignment.partitions is not None

    @property
    def letting_go(self) -> asyncio.Event:
        """Set while a rebalance waits for the batch in hand."""
        return self._assignment.revoking

    async def released(self) -> None:
        """Returns once nothing is being let go: the partitions are gone."""
        while self._assignment.revoking.is_set() and self._assignment.partitions is not None:
            await asyncio.wait({self._assignment.changed})

    def owns(self, fetched: Fetched) -> bool:
        """Whether the partitions are still ours without interruption."""
        return fetched.token == self._assignment.token

    async def probe(self) -> None:
        """Returns if a broker answers now, and has all that is to be read; else ConsumerLost."""
        with _failures_as_ours():
            async with asyncio.timeout(_PROBE_SECONDS):
                there = await self._client.topics()
        if absent := [topic for topic in self._topics if topic not in there]:
            raise ConsumerLost(f"Kafka does not have the topics {', '.join(absent)}")

    async def fetch(self) -> Fetched | None:
        """The next records of all partitions, or None if there are none now or the assignment changed meanwhile."""
        with _failures_as_ours():
            return await self._fetch()

    async def _fetch(self) -> Fetched | None:
        token = self._assignment.token
        if self._positioned != token and self._assignment.partitions:
            await self._take_positions(token)
        try:
            wait_ms = int(self._config.fetch_wait_seconds * 1000)
            raw = await fetched(self._client, wait_ms, self._config.max_records)
        except (NoOffsetForPartitionError, OffsetOutOfRangeError):
            self._positioned = _NOT_YET  # the broker deleted what was due, while we were reading
            return None
        except _UNREADABLE as error:
            raw = await self._salvaged(token, error)
        if token != self._assignment.token or self._positioned != token:
            return None  # read across a rebalance: the positions are taken anew, so nothing is lost
        batches = [
            self._progress.batch(partition, self._config.topic_prefix, records)
            for partition, records in sorted(raw.items())
            if records
        ]
        return Fetched(token, batches) if batches else None

    async def _salvaged(self, token: int, error: Exception) -> Mapping[TopicPartition, list[RawRecord]]:
        """The records of the partition that made the client's parser fail, read by ours.

        The client has lost what it had taken of the others in the same call: all are read from where we are.
        """
        if token != self._assignment.token or self._positioned != token:
            return {}  # what it was is known only once the positions are; it will be met again
        partitions = sorted(self._assignment.partitions or ())
        for partition in partitions:
            self._client.seek(partition, self._progress.expected(partition))
        for partition in partitions:
            begin = self._progress.expected(partition)
            records = await unreadable(self._client, partition, begin, self._config.max_bytes)
            if token != self._assignment.token:
                return {}
            if records:
                records = records[: self._config.max_records]
                log.warning("records_salvaged", partition=partition.partition, offset=begin, error=repr(error))
                self._client.seek(partition, records[-1].offset + 1)
                return {partition: records}
        raise ConsumerLost(f"the client cannot read what was fetched: {error!r}") from error

    async def commit(self, fetched: Fetched, rest: Sequence[Batch] = ()) -> bool:
        """Commits the end of each batch, or where its `rest` begins, unless the assignment is or becomes another:
        then False.
        """
        offsets = next_offsets(fetched.batches, self._config.topic_prefix)
        offsets |= {
            TopicPartition(physical(batch.topic, self._config.topic_prefix), batch.partition): batch.first_offset
            for batch in rest
        }
        with _failures_as_ours():
            return await self._commit(fetched.token, offsets)

    def lags(self) -> dict[TopicPartition, int]:
        """Records that the broker has and no batch has accounted for, of the partitions where that is known."""
        if self._positioned != self._assignment.token:
            return {}
        ends = {partition: self._client.highwater(partition) for partition in self._assignment.partitions or ()}
        return {p: max(0, end - self._progress.expected(p)) for p, end in ends.items() if end is not None}

    async def _take_positions(self, token: int) -> None:
        partitions = sorted(self._assignment.partitions or ())
        starts = await self._starts(partitions)
        if token != self._assignment.token:
            return
        self._progress.clear()
        for partition, start in starts.items():
            self._client.seek(partition, start.seek)
            self._progress.start(partition, start.expected, start.missing)
            self._report(partition, start)
        self._positioned = token
        fresh = {partition: one.seek for partition, one in starts.items() if one.standing is Standing.FRESH}
        if fresh:  # from now on a gap can be told from a beginning
            await self._commit(token, fresh)

    async def _starts(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, Start]:
        async with asyncio.timeout(_ANSWER_SECONDS):
            committed = await asyncio.gather(*(self._client.committed(partition) for partition in partitions))
            first = await self._client.beginning_offsets(partitions)
            end = await self._client.end_offsets(partitions)
        return {p: start_of(at, first[p], end[p]) for p, at in zip(partitions, committed, strict=True)}

    def _report(self, partition: TopicPartition, start: Start) -> None:
        if not start.lost:
            return
        topic = logical(partition.topic, self._config.topic_prefix)
        self._metrics.inc(OFFSETS_MISSING, start.lost, topic=topic.value)
        log.error(
            "offsets_missing",
            topic=topic.value,
            partition=partition.partition,
            standing=start.standing.value,
            expected=start.expected,
            continued_at=start.seek,
            lost=start.lost,
        )

    async def _commit(self, token: int, offsets: Mapping[TopicPartition, int]) -> bool:
        if token != self._assignment.token:
            self._metrics.inc(OFFSET_COMMITS_REJECTED)
            return False
        try:
            accepted = await self._assignment.while_unchanged(self._client.commit(dict(offsets)))
        except (CommitFailedError, IllegalStateError) as error:
            log.warning("offset_commit_refused", group=self._config.group, error=repr(error))
            accepted = False
        self._metrics.inc(OFFSET_COMMITS if accepted else OFFSET_COMMITS_REJECTED)
        return accepted


@contextmanager
def _failures_as_ours() -> Iterator[None]:
    try:
        yield
    except (KafkaError, OSError) as error:  # an OSError is a TimeoutError too
        raise ConsumerLost(f"Kafka is away: {error!r}") from error


def _new_client(config: LoopConfig) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=config.bootstrap.split(","),
        client_id=config.client_id,
        group_id=config.group_id,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_bytes=config.max_bytes,
        max_partition_fetch_bytes=config.max_bytes,
        fetch_max_wait_ms=int(config.fetch_wait_seconds * 1000),
        session_timeout_ms=int(config.session_timeout_seconds * 1000),
        heartbeat_interval_ms=_HEARTBEAT_MS,
        rebalance_timeout_ms=_REBALANCE_MS,
        max_poll_interval_ms=_NEVER_MS,
        metadata_max_age_ms=_METADATA_MS,
    )
