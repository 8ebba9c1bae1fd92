"""A consume loop in a test: a handler that keeps what it was given and does what the test says, and a running loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiokafka import TopicPartition

from ensue.kafka.admin import admin_client
from ensue.kafka.config import LoopConfig
from ensue.kafka.loop import ConsumeLoop
from ensue.kafka.names import physical
from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.kafka.records import Batch, Handled, IncomingRecord
from ensue.kafka.tail import TopicTail
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import Metrics
from ensue.runtime.publishing import Publisher
from ensue.wire.topics import OutgoingRecord, Topic

Answer = Callable[[Sequence[Batch]], Awaitable[Handled]]


class Keeping:
    """A handler that keeps every batch it is given; `answer` says what it returns, by default nothing to do."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.batches: list[Batch] = []
        self._answer = answer

    async def handle(self, batches: Sequence[Batch]) -> Handled:
        """Keep, then answer."""
        self.batches.extend(batches)
        return await self._answer(batches) if self._answer is not None else Handled()

    @property
    def records(self) -> list[IncomingRecord]:
        """All that was handed over, in the order of its coming."""
        return [record for batch in self.batches for record in batch.records]

    @property
    def values(self) -> list[bytes | None]:
        """The values of all records."""
        return [record.value for record in self.records]


@dataclass
class Running:
    """A loop at work."""

    loop: ConsumeLoop
    metrics: Metrics
    task: asyncio.Task[None]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def stop(self) -> None:
        """Ask it to stop and wait until it has."""
        self.stopping.set()
        await self.task

    async def ready(self) -> None:
        """True once it has its partitions; for `eventually`."""
        try:
            await self.loop.check()
        except Exception as error:
            raise AssertionError(str(error)) from error


@asynccontextmanager
async def running(
    config: LoopConfig, handler: Keeping, publisher: Publisher, drain_seconds: float = 10.0
) -> AsyncIterator[Running]:
    """A loop that runs inside the `with`; killed without ceremony at its end if it was not stopped."""
    metrics = Metrics()
    loop = ConsumeLoop(config, handler, publisher, metrics, SystemClock())
    stopping = asyncio.Event()
    task = asyncio.create_task(loop.run(stopping, lambda: drain_seconds))
    try:
        yield Running(loop, metrics, task, stopping)
    finally:
        task.cancel()
        await asyncio.wait({task})


@asynccontextmanager
async def publishing(config: PublisherConfig) -> AsyncIterator[KafkaPublisher]:
    """A started publisher."""
    publisher = KafkaPublisher(config, Metrics())
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


@dataclass(frozen=True)
class World:
    """One test's topics on the broker, and short words for what tests do with them."""

    bootstrap: str
    prefix: str
    publisher: KafkaPublisher

    def config(self, *topics: Topic, group: str = "readers", **changes: Any) -> LoopConfig:  # noqa: ANN401 - as replace
        """A loop over `topics` in `group`, quick to notice things."""
        quick = LoopConfig(
            self.bootstrap, group, topics, self.prefix, session_timeout_seconds=6, retry_longest_seconds=0.5
        )
        return replace(quick, **changes)

    async def publish(self, topic: Topic, *values: bytes, key: bytes | None = b"default/brief-1") -> None:
        """One record a value, all of one key."""
        await self.publisher.publish([OutgoingRecord(topic, key, value) for value in values])

    async def committed(self, topic: Topic, group: str = "readers") -> dict[int, int]:
        """What the group has committed, by partition."""
        async with admin_client(self.bootstrap) as admin:
            name = physical(topic, self.prefix)
            places = [TopicPartition(name, partition) for partition in range(2)]
            offsets = await admin.list_consumer_group_offsets(self.prefix + group, partitions=places)
        return {place.partition: found.offset for place, found in offsets.items() if found.offset >= 0}

    async def on(self, topic: Topic) -> list[IncomingRecord]:
        """Everything on a topic now."""
        tail = TopicTail(self.bootstrap, topic, self.prefix)
        await tail.start()
        try:
            return await tail.catch_up()
        finally:
            await tail.stop()
