"""The consume loop: fetch, handle, publish, acknowledged, commit. In this order, in batches.

While what was decided is published and committed, the next batches are fetched and decided, and wait: an answer is
published when the one before it is acknowledged and committed (`ensue.kafka.in_flight`).

Each consuming service's composition root makes one per group and runs it. A handler takes batches and returns what
should happen; only the loop publishes and commits. What the loop does about failures:

- Kafka away while reading: waits with growing pauses, not ready, and goes on.
- Records not acked in time: SendDeadlineExceeded out of `run`. The process ends, is started again, reads again.
- The handler raises Unavailable: the same batches again, after a pause, for as long as the partitions are ours.
- The handler raises anything else, or does not come back: out of `run`.
- The partitions are taken away: what is in hand is ended if it can be soon, else dropped uncommitted; whoever has them
  now reads it again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from aiokafka import TopicPartition

from ensue.core.errors import Unavailable
from ensue.kafka.backoff import delays
from ensue.kafka.config import LoopConfig
from ensue.kafka.consumer import Fetched, GroupConsumer
from ensue.kafka.errors import ConsumerLost, HandlerStuck
from ensue.kafka.in_flight import InFlight
from ensue.kafka.names import logical
from ensue.kafka.outbound import Outbound
from ensue.kafka.records import Batch, Handled
from ensue.runtime.clock import Clock
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import (
    BATCH_SECONDS,
    BATCH_SIZE,
    CONSUMER_LAG,
    EVENT_AGE,
    HANDLER_RETRIES,
    RECORDS_CONSUMED,
    Metrics,
)
from ensue.runtime.publishing import Publisher

_LEAVE_SECONDS = 2.0  # of the time to drain, what is kept for saying goodbye to the group
_LAG_EVERY_SECONDS = 1.0

Answer = TypeVar("Answer")
log = get_logger(__name__)


class Handler(Protocol):
    """What a service does with what was read. Must bear being called again with the same batches."""

    async def handle(self, batches: Sequence[Batch]) -> Handled:
        """Decide about all records of all batches, or name the rest. Unavailable asks for the same again, later."""
        ...


class ConsumeLoop:
    """One consumer group's loop in this process. `run` it once; `check` tells whether it is at work."""

    def __init__(
        self, config: LoopConfig, handler: Handler, producer: Publisher, metrics: Metrics, clock: Clock
    ) -> None:
        self._config = config
        self._handler = handler
        self._outbound = Outbound(producer, config.group, metrics, clock)
        self._metrics = metrics
        self._clock = clock
        self._idle = asyncio.Event()  # nothing in hand
        self._in_flight = InFlight(self._idle)
        self._consumer: GroupConsumer | None = None
        self._trouble: str | None = "not started"
        self._shown: set[TopicPartition] = set()
        self._lag_due = 0.0

    async def run(self, stopping: asyncio.Event, remaining: Callable[[], float]) -> None:
        """Works until `stopping`; then ends the batch in hand, commits it, leaves the group, within `remaining()`."""
        stop = asyncio.create_task(_told(stopping))
        work = asyncio.create_task(self._work(stop))
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await asyncio.wait({work}, timeout=max(0.0, remaining() - _LEAVE_SECONDS))
        finally:
            if not work.done():
                log.warning("batch_in_hand_handed_back", group=self._config.group)
            work.cancel()
            stop.cancel()
            await asyncio.wait({work}, timeout=_LEAVE_SECONDS)
            await self._leave(min(remaining(), _LEAVE_SECONDS))
            self._trouble = "stopped"
        if work.done() and not work.cancelled():
            work.result()

    async def check(self) -> None:
        """Unavailable, with the reason, unless this process reads and handles. For the health page."""
        if self._trouble is not None:
            raise Unavailable(self._trouble)
        if self._consumer is None:
            raise Unavailable(f"not a member of {self._config.group}")
        await self._consumer.probe()
        if not self._consumer.assigned:
            raise Unavailable(f"waiting for partitions of {self._config.group}")

    async def _work(self, stop: asyncio.Task[None]) -> None:
        pauses = self._pauses()
        try:
            while not stop.done():
                try:
                    await self._turn(stop)
                    pauses = self._pauses()
                except ConsumerLost as error:
                    await self._lost(error, stop, next(pauses))
            with suppress(ConsumerLost):  # it is read again
                await self._in_flight.settled()
        finally:
            await self._in_flight.given_up()

    async def _lost(self, error: ConsumerLost, stop: asyncio.Task[None], pause: float) -> None:
        self._trouble = str(error)
        log.warning("consumer_lost", group=self._config.group, error=str(error), retry_in_seconds=pause)
        with suppress(ConsumerLost):  # the same loss, met again
            await self._in_flight.settled()
        await self._leave(_LEAVE_SECONDS)
        await asyncio.wait({stop}, timeout=pause)

    async def _turn(self, stop: asyncio.Task[None]) -> None:
        with suppress(_Stopped):
            consumer = await self._membership(stop)
            fetched = await _unless(stop, consumer.fetch())
            self._in_flight.check()
            if fetched is None:
                self._trouble = None
            elif consumer.letting_go.is_set():  # what was read on the way out is for whoever has the partitions next
                await self._in_flight.settled()
                await _unless(stop, consumer.released())
            else:
                with self._in_flight.deciding():
                    await self._process(consumer, fetched, stop)
            self._show_lag(consumer)

    async def _membership(self, stop: asyncio.Task[None]) -> GroupConsumer:
        """The consumer, joined to its group; a new one if the last one was lost."""
        if self._consumer is None:
            self._consumer = GroupConsumer(self._config, self._idle, self._metrics)
            self._trouble = None  # from here on the consumer itself can say what it waits for
            await _unless(stop, self._consumer.start())
        return self._consumer

    async def _process(self, consumer: GroupConsumer, fetched: Fetched, stop: asyncio.Task[None]) -> None:
        """Decide the batches, in as many steps as the handler wants; each step is delivered while the next is decided.

        Between two steps it may be over: what remains is read again, by us or by whoever has the partitions then.
        """
        started = self._clock.monotonic()
        for topic, records in _by_topic(fetched.batches).items():
            self._metrics.inc(RECORDS_CONSUMED, records, topic=topic)
        left = fetched
        while left.batches and consumer.owns(left) and not (stop.done() or consumer.letting_go.is_set()):
            handled = await self._handled(consumer, left, stop)
            if handled is None:
                return
            await self._in_flight.settled()
            whole = None if handled.rest else fetched.batches
            self._in_flight.begin(self._deliver(consumer, left, handled, whole, started))
            left = replace(left, batches=handled.rest)

    async def _deliver(
        self, consumer: GroupConsumer, step: Fetched, handled: Handled, whole: Sequence[Batch] | None, started: float
    ) -> None:
        """Publish what was decided, then commit that it was; unless whoever has the partitions now says it all again.

        whole: all that was fetched, if this is the end of it.
        """
        if consumer.owns(step):
            await self._outbound.publish(handled)
        if await consumer.commit(step, handled.rest) and whole is not None:
            self._observe(whole, started)

    async def _handled(self, consumer: GroupConsumer, fetched: Fetched, stop: asyncio.Task[None]) -> Handled | None:
        """The handler's answer, however often it has to be asked; None if the batch is given up."""
        for pause in self._pauses():
            self._in_flight.check()
            try:
                handled = await self._asked(fetched.batches)
            except Unavailable as error:
                self._trouble = f"the handler waits: {error}"
                self._metrics.inc(HANDLER_RETRIES)
                log.warning("handler_waits", group=self._config.group, error=str(error), retry_in_seconds=pause)
                await _first_of(stop, consumer.letting_go, timeout=pause)
                if stop.done() or consumer.letting_go.is_set() or not consumer.owns(fetched):
                    return None
            else:
                self._trouble = None
                return handled
        raise AssertionError("pauses never end")

    async def _asked(self, batches: Sequence[Batch]) -> Handled:
        limit = asyncio.timeout(self._config.max_handle_seconds)
        try:
            async with limit:
                return await self._handler.handle(batches)
        except TimeoutError as error:
            if limit.expired():
                raise HandlerStuck(f"no answer within {self._config.max_handle_seconds} s") from error
            raise

    def _observe(self, batches: Sequence[Batch], started: float) -> None:
        self._metrics.observe(BATCH_SECONDS, self._clock.monotonic() - started)
        self._metrics.observe(BATCH_SIZE, sum(len(batch.raw) for batch in batches))
        now = self._clock.now()
        for batch in batches:
            age = now.timestamp() - batch.raw[0].timestamp / 1000
            self._metrics.observe(EVENT_AGE, max(0.0, age), topic=batch.topic.value)

    def _show_lag(self, consumer: GroupConsumer) -> None:
        if self._clock.monotonic() < self._lag_due:
            return
        self._lag_due = self._clock.monotonic() + _LAG_EVERY_SECONDS
        lags = consumer.lags()
        for partition, lag in lags.items():
            self._metrics.set(CONSUMER_LAG, lag, **self._labels(partition))
        for partition in self._shown - lags.keys():
            self._metrics.forget(CONSUMER_LAG, **self._labels(partition))
        self._shown = set(lags)

    def _labels(self, partition: TopicPartition) -> dict[str, str | int]:
        topic = logical(partition.topic, self._config.topic_prefix)
        return {"topic": topic.value, "partition": partition.partition}

    async def _leave(self, within_seconds: float) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.close(within_seconds)

    def _pauses(self) -> Iterator[float]:
        return delays(self._config.retry_first_seconds, self._config.retry_longest_seconds)


class _Stopped(Exception):
    """It was asked to stop while waiting for Kafka."""


async def _told(stopping: asyncio.Event) -> None:
    await stopping.wait()


async def _unless(stop: asyncio.Task[None], waiting: Coroutine[Any, Any, Answer]) -> Answer:
    """The result of `waiting`, unless it is asked to stop first (or at once)."""
    task = asyncio.ensure_future(waiting)
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if stop.done():
            raise _Stopped
        return task.result()
    finally:
        task.cancel()


async def _first_of(stop: asyncio.Task[None], event: asyncio.Event, timeout: float) -> None:  # noqa: ASYNC109 - a bound
    waiting = asyncio.ensure_future(event.wait())
    await asyncio.wait({stop, waiting}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _by_topic(batches: Sequence[Batch]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for batch in batches:
        counts[batch.topic.value] += len(batch.raw)
    return counts
