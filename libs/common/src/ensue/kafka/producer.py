"""The publisher on Kafka: idempotent, acknowledged by all replicas in sync, with a deadline of its own.

Used by consume loops (crash-only: after a publish that did not ack it refuses all others, the process ends) and, with
`rebuilding`, by the API and the outbox relays, which live on: they give the client up and build a new one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, Self, TypeGuard

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from ensue.core.errors import Unavailable
from ensue.kafka.connection import abandon, close, connect, probe
from ensue.kafka.errors import RecordTooLarge
from ensue.kafka.limits import MAX_MESSAGE_BYTES
from ensue.kafka.sending import hand_over, send_alone
from ensue.kafka.tracing import TraceWriter
from ensue.runtime.metrics import (
    PRODUCER_REBUILDS,
    PUBLISH_FAILURES,
    PUBLISH_SECONDS,
    RECORDS_PUBLISHED,
    Metrics,
)
from ensue.runtime.settings import ServiceSettings
from ensue.wire.topics import OutgoingRecord, Topic

Connection = asyncio.Task[AIOKafkaProducer]

_MOST_ADDED: Final = 128  # bytes that Kafka adds to a record, or to a header, are fewer
_MOST_OF_LETTER: Final = 4  # bytes


@dataclass(frozen=True, slots=True)
class PublisherConfig:
    """deadline_seconds: how long one `publish` may take until every record is acked, connecting included.

    rebuilding: live on after a failure with a new client; else the publisher is spent, and so is its process.
    """

    bootstrap: str
    topic_prefix: str = ""
    deadline_seconds: float = 15.0
    rebuilding: bool = False
    client_id: str = "ensue"

    @classmethod
    def of(cls, settings: ServiceSettings, *, rebuilding: bool = False) -> Self:
        """The publisher of a service: its brokers, prefix, deadline and name are its settings'."""
        return cls(
            bootstrap=settings.kafka_bootstrap,
            topic_prefix=settings.topic_prefix,
            deadline_seconds=settings.send_deadline_seconds,
            rebuilding=rebuilding,
            client_id=settings.instance,
        )


def refusal_for_size(record: OutgoingRecord) -> RecordTooLarge | None:
    """Why `record` cannot be sent, if it is larger than its topic takes (uncompressed, with what Kafka adds)."""
    size = DefaultRecordBatchBuilder.estimate_size_in_bytes(record.key, record.value, list(record.headers))
    limit = MAX_MESSAGE_BYTES[record.topic]
    return RecordTooLarge(record, f"too large: {size} bytes of at most {limit}") if size > limit else None


def refusals(records: Iterable[OutgoingRecord]) -> Iterator[tuple[int, RecordTooLarge]]:
    """Each `refusal_for_size`, and its record's place; asked only where a glance cannot tell that there is none."""
    shared: tuple[tuple[str, bytes], ...] | None = None
    topic: Topic | None = None
    room = 0  # how large key and value together surely may be, on one topic and with the very same headers
    for place, record in enumerate(records):
        if record.headers is not shared or record.topic is not topic:
            shared, topic = record.headers, record.topic
            room = MAX_MESSAGE_BYTES[topic] - _at_most_beside(shared)
        if len(record.key or b"") + len(record.value or b"") > room and (refusal := refusal_for_size(record)):
            yield place, refusal


def _at_most_beside(headers: Iterable[tuple[str, bytes]]) -> int:
    """As many bytes as a record has at most beside its key and value."""
    return _MOST_ADDED + sum(_MOST_ADDED + _MOST_OF_LETTER * len(name) + len(value or b"") for name, value in headers)


class KafkaPublisher:
    """Implements `ensue.runtime.publishing.Publisher`. `start` it once, `stop` it at the end."""

    def __init__(self, config: PublisherConfig, metrics: Metrics, traces: TraceWriter | None = None) -> None:
        self._config = config
        self._metrics = metrics
        self._traces = traces or TraceWriter()
        self._connection: Connection | None = None
        self._spent: str | None = None
        self._abandoning: set[asyncio.Task[None]] = set()
        self._keyless = count()

    async def start(self) -> None:
        """Begins to connect, with back-off for as long as it takes; does not wait for it."""
        if self._connection is None:
            self._connect()

    async def stop(self) -> None:
        """Closes the client within a few seconds. What is in flight then may or may not be sent."""
        connection, self._connection = self._connection, None
        spent, self._spent = self._spent, "the publisher is stopped"
        if connection is not None and _is_connected(connection):
            await (close if spent is None else abandon)(connection.result())
        elif connection is not None:
            connection.cancel()
            await asyncio.wait({connection})
        if self._abandoning:
            await asyncio.wait(self._abandoning)

    async def check(self) -> None:
        """Unavailable unless connected to a broker that answers now. For the health page."""
        connection = self._usable()
        if not _is_connected(connection):
            raise Unavailable(f"not connected to Kafka at {self._config.bootstrap} yet")
        await probe(connection.result())

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Returns once every record is acked.

        RecordTooLarge, before anything is sent, if one is over its topic's limit (or if a broker refuses one for its
        size: the others may have been sent). Unavailable if they were not all acked by the deadline.
        """
        if not records:
            return
        traced = self._traces.traced(records)
        started = asyncio.get_running_loop().time()
        try:
            for _, refusal in refusals(traced):
                raise refusal
            await self._within_deadline(traced)
        except RecordTooLarge as error:
            self._metrics.inc(PUBLISH_FAILURES, reason="too_large")
            place = next(index for index, record in enumerate(traced) if record is error.record)
            raise RecordTooLarge(records[place], error.why) from error
        self._metrics.observe(PUBLISH_SECONDS, asyncio.get_running_loop().time() - started)
        for topic, number in Counter(record.topic for record in records).items():
            self._metrics.inc(RECORDS_PUBLISHED, number, topic=topic.value)

    async def _within_deadline(self, records: Sequence[OutgoingRecord]) -> None:
        connection = self._usable()
        try:
            async with asyncio.timeout(self._config.deadline_seconds):
                await self._deliver(connection, records)
        except TimeoutError as error:
            self._give_up(connection, "deadline")
            raise Unavailable(f"Kafka did not ack within {self._config.deadline_seconds} s") from error
        except KafkaError as error:
            self._give_up(connection, "refused")
            raise Unavailable(f"Kafka did not take it: {error!r}") from error

    async def _deliver(self, connection: Connection, records: Sequence[OutgoingRecord]) -> None:
        producer = await _producer_of(connection)
        sent = await hand_over(producer, self._config.topic_prefix, records, next(self._keyless))
        results = await asyncio.gather(*(future for _, future in sent), return_exceptions=True)
        failed = [(group, result) for (group, _), result in zip(sent, results, strict=True) if _is_failure(result)]
        for _, failure in failed:
            if not isinstance(failure, MessageSizeTooLargeError):
                raise failure
        if failed:  # the topic takes less than our list says: find out which record, let the others pass
            self._rebuild(connection)
            await self._one_by_one([record for group, _ in failed for record in group])

    async def _one_by_one(self, records: Sequence[OutgoingRecord]) -> None:
        for record in records:
            connection = self._usable()
            try:
                await send_alone(await _producer_of(connection), self._config.topic_prefix, record)
            except MessageSizeTooLargeError as error:
                self._rebuild(connection)
                raise RecordTooLarge(record, "too large: a broker refused it for its size") from error

    def _usable(self) -> Connection:
        if self._spent is not None or self._connection is None:
            raise Unavailable(self._spent or "the publisher is not started")
        return self._connection

    def _give_up(self, connection: Connection, reason: str) -> None:
        """What was sent may have happened or not; this client is not to be used for anything else."""
        self._metrics.inc(PUBLISH_FAILURES, reason=reason)
        if self._config.rebuilding:
            self._rebuild(connection)
        else:
            self._spent = f"an earlier publish failed ({reason}): only a restart is safe"

    def _rebuild(self, connection: Connection) -> None:
        """Takes a new client, unless another caller did already or the present one is not even connected."""
        if connection is not self._connection or not _is_connected(connection):
            return
        self._metrics.inc(PRODUCER_REBUILDS)
        self._connect()
        abandoning = asyncio.create_task(abandon(connection.result()))
        self._abandoning.add(abandoning)
        abandoning.add_done_callback(self._abandoning.discard)

    def _connect(self) -> None:
        config = self._config
        self._connection = asyncio.create_task(connect(config.bootstrap, config.client_id, config.deadline_seconds))


async def _producer_of(connection: Connection) -> AIOKafkaProducer:
    """The producer, once connected. Waiting is given up without giving up the connection."""
    await asyncio.wait({connection})
    if not _is_connected(connection):
        raise Unavailable("the publisher is stopped")
    return connection.result()


def _is_connected(connection: Connection) -> bool:
    return connection.done() and not connection.cancelled() and connection.exception() is None


def _is_failure(result: object) -> TypeGuard[BaseException]:
    return isinstance(result, BaseException)
