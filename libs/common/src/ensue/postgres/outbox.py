"""The outbox: a service writes records in the transaction that causes them; its relay publishes them at least once.

`enqueue` is called inside a service's transaction; one `Relay` a process is spawned by its composition root. The table
is `outbox.sql`. Order: rows leave in the order of their ids. Two transactions that write about the same key must
already exclude each other (a row lock on what the key names), else the order of their ids is no promise. A relay that
lost its connection while sending may still send what its successor sends too: readers go by ids and revisions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache

import orjson

from ensue.core.errors import InvalidValue, Unavailable
from ensue.postgres.database import Connection, Database, Record
from ensue.postgres.queries import Queries
from ensue.runtime.clock import Clock
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import (
    OUTBOX_FAILED,
    OUTBOX_OLDEST_AGE,
    OUTBOX_PENDING,
    OUTBOX_RELAY_ERRORS,
    OUTBOX_RELAYED,
    Metrics,
)
from ensue.runtime.publishing import Publisher, Unpublishable
from ensue.wire.topics import OutgoingRecord, Topic

BATCH = 500
BATCH_BYTES = 8 * 1024 * 1024
POLL_SECONDS = 0.1
FIRST_BACK_OFF_SECONDS = 0.05
LONGEST_BACK_OFF_SECONDS = 1.0
MEASURE_SECONDS = 1.0
PUBLISHING_TIMEOUT = "60s"  # the relay's transaction is idle while Kafka acknowledges
log = get_logger(__name__)


@cache
def _queries(schema: str) -> Queries:
    return Queries.load("ensue.postgres", "outbox_queries.sql").within(schema)


async def enqueue(conn: Connection, schema: str, tenant: str, records: Sequence[OutgoingRecord]) -> list[int]:
    """Write records into the schema's outbox within the transaction of `conn`; their ids, in the same order.

    Raises InvalidValue for a header that is not UTF-8 text.
    """
    if not records:
        return []
    rows = await conn.fetch(
        _queries(schema)["enqueue"],
        tenant,
        [record.topic.value for record in records],
        [record.key for record in records],
        [_headers_as_json(record) for record in records],
        [record.value for record in records],
    )
    return [row["id"] for row in rows]


def _headers_as_json(record: OutgoingRecord) -> str:
    try:
        text = orjson.dumps([[name, value.decode("utf-8")] for name, value in record.headers]).decode()
    except UnicodeDecodeError as error:
        raise InvalidValue(f"a header of a record for {record.topic} is not UTF-8 text") from error
    if "\\u0000" in text:
        raise InvalidValue(f"a header of a record for {record.topic} contains a NUL character")
    return text


def _record(row: Record) -> OutgoingRecord:
    headers = tuple((name, value.encode()) for name, value in row["headers"])
    return OutgoingRecord(Topic(row["topic"]), row["key"], row["value"], headers)


class Relay:
    """Publishes the rows of one schema's outbox, in order, and deletes each once it is acknowledged.

    Several may run (one a process); an advisory lock lets one work at a time and the others stand by. It outlives Kafka
    and PostgreSQL being away. A row that can never be sent is set aside (`failed_at`), so that it blocks nothing.
    """

    def __init__(self, database: Database, publisher: Publisher, schema: str, metrics: Metrics, clock: Clock) -> None:
        self._database = database
        self._publisher = publisher
        self._schema = schema
        self._metrics = metrics
        self._clock = clock
        self._queries = _queries(schema)
        self._wake = asyncio.Event()
        self._waiting: dict[int, set[asyncio.Future[bool]]] = {}
        self._trouble: str | None = None
        self._measured_at: float | None = None

    def kick(self) -> None:
        """Something was committed: look now instead of at the next poll."""
        self._wake.set()

    async def check(self) -> None:
        """Raise Unavailable with the reason while relaying fails. For health."""
        if self._trouble is not None:
            raise Unavailable(self._trouble)

    async def run(self, stopping: asyncio.Event) -> None:
        """Relay until `stopping`. What is left then stays in the table for the next relay."""
        stop = asyncio.create_task(stopping.wait())
        back_off = FIRST_BACK_OFF_SECONDS
        try:
            while not stopping.is_set():
                try:
                    more = await self._round()
                except Unavailable as error:
                    self._failed(error)
                    await asyncio.wait({stop}, timeout=back_off)
                    back_off = min(back_off * 2, LONGEST_BACK_OFF_SECONDS)
                    continue
                self._recovered()
                back_off = FIRST_BACK_OFF_SECONDS
                if not more:
                    await self._sleep(stop)
        finally:
            stop.cancel()

    async def wait_sent(self, outbox_id: int, timeout: float) -> bool:  # noqa: ASYNC109 - part of the answer, not an error
        """Whether the row (already committed) was published within `timeout` seconds, by this relay or another's."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(outbox_id, set()).add(future)
        self.kick()
        try:
            async with asyncio.timeout(timeout):
                while (sent := await self._gone(outbox_id)) is None:
                    done, _ = await asyncio.wait({future}, timeout=POLL_SECONDS)
                    if done:
                        return future.result()
                return sent
        except TimeoutError:
            return False
        finally:
            self._forget(outbox_id, future)

    async def _gone(self, outbox_id: int) -> bool | None:
        """True: sent. False: set aside. None: still waiting, or the database cannot say."""
        try:
            async with self._database.transaction() as conn:
                row = await conn.fetchrow(self._queries["still_there"], outbox_id)
        except Unavailable:
            return None
        if row is None:
            return True
        return False if row["failed"] else None

    async def _round(self) -> bool:
        """Relay one batch; whether there was anything."""
        await self._measure()
        async with self._database.transaction() as conn:
            if not await conn.fetchval(self._queries["become_the_relay"], PUBLISHING_TIMEOUT):
                return False
            rows = await conn.fetch(self._queries["next_batch"], BATCH, BATCH_BYTES)
            if not rows:
                return False
            sent, failed = await self._publish(rows)
            await conn.execute(self._queries["delete_sent"], sent)
            for outbox_id, reason in failed.items():
                await conn.execute(self._queries["set_aside"], outbox_id, reason)
        self._committed(sent, failed)
        return True

    async def _publish(self, rows: Sequence[Record]) -> tuple[list[int], dict[int, str]]:
        """Publish what can be published: the ids that were sent, and those that never will be, with the reason."""
        records: dict[int, OutgoingRecord] = {}
        failed: dict[int, str] = {}
        for row in rows:
            try:
                records[row["id"]] = _record(row)
            except (ValueError, TypeError, AttributeError) as error:
                failed[row["id"]] = f"not a record: {error}"
        while records:
            try:
                await self._publisher.publish(tuple(records.values()))
                break
            except Unpublishable as error:
                culprit = next((i for i, record in records.items() if record == error.record), None)
                if culprit is None:
                    raise
                failed[culprit] = error.why
                del records[culprit]
        return list(records), failed

    def _committed(self, sent: Sequence[int], failed: dict[int, str]) -> None:
        self._metrics.inc(OUTBOX_RELAYED, len(sent), schema=self._schema)
        self._metrics.inc(OUTBOX_FAILED, len(failed), schema=self._schema)
        for outbox_id, reason in failed.items():
            log.error("outbox_row_set_aside", schema=self._schema, outbox_id=outbox_id, reason=reason)
        for ids, verdict in ((sent, True), (failed, False)):
            for outbox_id in ids:
                for future in self._waiting.pop(outbox_id, ()):
                    if not future.done():
                        future.set_result(verdict)

    async def _measure(self) -> None:
        now = self._clock.monotonic()
        if self._measured_at is not None and now - self._measured_at < MEASURE_SECONDS:
            return
        async with self._database.transaction() as conn:
            await conn.execute(self._queries["walk_the_index"])
            row = await conn.fetchrow(self._queries["measure"])
        assert row is not None  # noqa: S101 - an aggregate always gives one row
        self._metrics.set(OUTBOX_PENDING, row["pending"], schema=self._schema)
        self._metrics.set(OUTBOX_OLDEST_AGE, row["oldest_age_seconds"], schema=self._schema)
        self._measured_at = now

    def _failed(self, error: Unavailable) -> None:
        self._metrics.inc(OUTBOX_RELAY_ERRORS, schema=self._schema)
        if self._trouble is None:
            log.warning("outbox_relay_failing", schema=self._schema, reason=str(error))
        self._trouble = str(error)

    def _recovered(self) -> None:
        if self._trouble is not None:
            log.info("outbox_relay_recovered", schema=self._schema)
            self._trouble = None

    async def _sleep(self, stop: asyncio.Task[bool]) -> None:
        woken = asyncio.create_task(self._wake.wait())
        await asyncio.wait({stop, woken}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        self._wake.clear()

    def _forget(self, outbox_id: int, future: asyncio.Future[bool]) -> None:
        futures = self._waiting.get(outbox_id, set())
        futures.discard(future)
        if not futures:
            self._waiting.pop(outbox_id, None)
