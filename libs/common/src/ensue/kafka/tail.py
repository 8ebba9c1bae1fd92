"""A whole topic, read from its beginning and kept up with, outside of any consumer group.

The evaluator reads `ensue.triggers` so. `catch_up` is the barrier "who saved a trigger and then publishes is never too
early": it asks for the end now, and returns only when everything before it has been read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from ensue.core.errors import Unavailable
from ensue.kafka.limits import LARGEST_MESSAGE_BYTES
from ensue.kafka.names import physical
from ensue.kafka.records import IncomingRecord, incoming
from ensue.wire.topics import Topic

_CLOSE_SECONDS = 5.0
_POLL_MS = 250
_METADATA_MS = 5_000  # that the topic has grown is known within this, and ought to be before a record is there


class TopicTail:
    """Reads every record of `topic` once, in order within each partition. `start` it, `catch_up` often, `stop` it.

    deadline_seconds: how long `start` or one `catch_up` may take before it raises Unavailable. What was read until
    then is not lost: the next `catch_up` returns it.
    """

    def __init__(self, bootstrap: str, topic: Topic, topic_prefix: str = "", deadline_seconds: float = 10.0) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._name = physical(topic, topic_prefix)
        self._deadline_seconds = deadline_seconds
        self._client: AIOKafkaConsumer | None = None
        self._ends: AIOKafkaConsumer | None = None
        self._next: dict[TopicPartition, int] = {}  # up to here all is read
        self._unsure = False  # whether the client is where we left it
        self._read: list[IncomingRecord] = []
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        """Connects and goes to the beginning of the topic. Unavailable if Kafka or the topic is not there in time."""
        client, ends = self._new_client(self._name), self._new_client()
        try:
            with self._failures_as_ours():
                async with asyncio.timeout(self._deadline_seconds):
                    await asyncio.gather(client.start(), ends.start())
                    await self._to_the_beginning(client)
        except BaseException:
            await asyncio.gather(_close(client), _close(ends))
            raise
        self._client, self._ends = client, ends

    def _new_client(self, *topics: str) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            *topics,
            bootstrap_servers=self._bootstrap.split(","),
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=LARGEST_MESSAGE_BYTES,
            fetch_max_wait_ms=_POLL_MS,
            metadata_max_age_ms=_METADATA_MS,
            request_timeout_ms=int(self._deadline_seconds * 1000),
        )

    async def stop(self) -> None:
        """Closes the connections; a new `start` begins again at the beginning."""
        clients = [client for client in (self._client, self._ends) if client is not None]
        self._client = self._ends = None
        self._read.clear()
        await asyncio.gather(*map(_close, clients))

    async def catch_up(self) -> list[IncomingRecord]:
        """Everything not yet returned, up to the end of the topic as it is now (or a little more)."""
        client, ends = self._client, self._ends
        if client is None or ends is None:
            raise Unavailable(f"the tail of {self._name} is not started")
        async with self._one_at_a_time:
            with self._failures_as_ours():
                async with asyncio.timeout(self._deadline_seconds):
                    await self._read_up_to_now(client, ends)
            read, self._read = self._read, []
        return read

    async def _read_up_to_now(self, client: AIOKafkaConsumer, asking: AIOKafkaConsumer) -> None:
        """`asking` fetches nothing: on a connection that does, the answer waits behind the fetch in flight."""
        partitions = await self._known(client)
        ends = await asking.end_offsets(partitions)
        await self._take_up(client, ends)
        self._unsure = True
        behind = set(partitions)
        while behind := {partition for partition in behind if self._next[partition] < ends[partition]}:
            try:
                fetched = await client.getmany(timeout_ms=_POLL_MS)
            except OffsetOutOfRangeError:
                await self._to_the_beginning(client)  # the broker deleted what was due: read all that there is
                continue
            for partition, records in fetched.items():
                self._read += incoming(self._topic, partition.partition, records)
                self._next[partition] = records[-1].offset + 1
            for partition in behind:  # past what are no records for us
                self._next[partition] = max(self._next[partition], await client.position(partition))
        self._unsure = False

    async def _known(self, client: AIOKafkaConsumer) -> list[TopicPartition]:
        """The partitions; Unavailable if there seem to be none: a broker that has just started may say so."""
        if not client.assignment():
            await client._client.force_metadata_update()
        if not (partitions := client.assignment()):
            raise Unavailable(f"Kafka does not know the topic {self._name}")
        return sorted(partitions)

    async def _take_up(self, client: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> None:
        """Go on where we were; at the beginning if the topic has grown or holds less than we have read of it."""
        if ends.keys() != self._next.keys() or any(end < self._next[partition] for partition, end in ends.items()):
            await self._to_the_beginning(client)
        elif self._unsure:  # the client forgets its positions if it could not see the topic meanwhile
            for partition, offset in self._next.items():
                client.seek(partition, offset)

    async def _to_the_beginning(self, client: AIOKafkaConsumer) -> None:
        first = await client.beginning_offsets(sorted(client.assignment()))
        for partition, offset in first.items():
            client.seek(partition, offset)
        self._next = dict(first)

    @contextmanager
    def _failures_as_ours(self) -> Iterator[None]:
        try:
            yield
        except (KafkaError, OSError) as error:
            raise Unavailable(f"the tail of {self._name}: {error!r}") from error


async def _close(client: AIOKafkaConsumer) -> None:
    with suppress(KafkaError, OSError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await client.stop()
