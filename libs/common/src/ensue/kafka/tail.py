"""A whole topic, read from its beginning and kept up with, outside of any consumer group.

The evaluator reads `ensue.triggers` so. `catch_up` is the barrier "who saved a trigger and then publishes is never too
early": it asks for the end now, and returns only when everything before it has been read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from ensue.core.errors import Unavailable
from ensue.kafka.batches import incoming
from ensue.kafka.limits import LARGEST_MESSAGE_BYTES
from ensue.kafka.names import physical
from ensue.kafka.records import IncomingRecord
from ensue.wire.topics import Topic

_CLOSE_SECONDS = 5.0
_POLL_MS = 250


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
        self._partitions: list[TopicPartition] = []
        self._read: list[IncomingRecord] = []
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        """Connects and goes to the beginning of the topic. Unavailable if Kafka or the topic is not there in time."""
        client = AIOKafkaConsumer(
            self._name,
            bootstrap_servers=self._bootstrap.split(","),
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=LARGEST_MESSAGE_BYTES,
            fetch_max_wait_ms=_POLL_MS,
            request_timeout_ms=int(self._deadline_seconds * 1000),
        )
        try:
            with self._failures_as_ours():
                async with asyncio.timeout(self._deadline_seconds):
                    await client.start()
                    await self._to_the_beginning(client)
        except BaseException:
            await _close(client)
            raise
        self._client = client

    async def stop(self) -> None:
        """Closes the connection; a new `start` begins again at the beginning."""
        client, self._client = self._client, None
        self._read.clear()
        if client is not None:
            await _close(client)

    async def catch_up(self) -> list[IncomingRecord]:
        """Everything not yet returned, up to the end of the topic as it is now (or a little more)."""
        if self._client is None:
            raise Unavailable(f"the tail of {self._name} is not started")
        async with self._one_at_a_time:
            with self._failures_as_ours():
                async with asyncio.timeout(self._deadline_seconds):
                    await self._read_up_to_now(self._client)
            read, self._read = self._read, []
        return read

    async def _read_up_to_now(self, client: AIOKafkaConsumer) -> None:
        if client.assignment() != set(self._partitions):
            await self._to_the_beginning(client)  # the topic has grown
        ends = await client.end_offsets(self._partitions)
        behind = {partition for partition in self._partitions if await client.position(partition) < ends[partition]}
        while behind:
            try:
                fetched = await client.getmany(timeout_ms=_POLL_MS)
            except OffsetOutOfRangeError:
                await self._to_the_beginning(client)  # the broker deleted what was due: read all that there is
                continue
            for partition, records in fetched.items():
                self._read += incoming(self._topic, partition.partition, records)
            behind = {partition for partition in behind if await client.position(partition) < ends[partition]}

    async def _to_the_beginning(self, client: AIOKafkaConsumer) -> None:
        self._partitions = sorted(client.assignment())
        first = await client.beginning_offsets(self._partitions)
        for partition in self._partitions:
            client.seek(partition, first[partition])

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
