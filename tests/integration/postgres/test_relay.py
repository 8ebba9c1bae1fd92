"""The relay: what was committed is sent at least once and in order, whatever fails in between, and blocks nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest
from tests.integration.postgres.conftest import Scratch
from tests.integration.postgres.cuttable import cuttable
from tests.integration.postgres.relays import (
    RELAY,
    SCHEMA,
    nothing_left,
    relay_of,
    revision,
    rows,
    running,
    save,
    seen,
    tried,
    troubled,
    values,
    well,
)
from tests.support.eventually import eventually

from ensue.core.errors import Unavailable
from ensue.postgres.database import Database, Timeouts
from ensue.postgres.outbox import enqueue
from ensue.runtime.metrics import OUTBOX_FAILED, OUTBOX_OLDEST_AGE, OUTBOX_PENDING, OUTBOX_RELAYED, Metrics
from ensue.testing.publishing import Failure, RecordingPublisher
from ensue.wire.topics import OutgoingRecord, Topic


class DiesBeforeTheDelete(RecordingPublisher):
    """Sends, and then the relay's connection is killed, as by a crash between the acknowledgement and the delete."""

    def __init__(self, scratch: Scratch) -> None:
        super().__init__()
        self.scratch = scratch
        self.lives = 1

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        await super().publish(records)
        if self.lives:
            self.lives -= 1
            assert await self.scratch.terminate(RELAY) >= 1


class TestFaults:
    async def test_a_crash_between_sending_and_deleting_sends_again_and_loses_nothing(
        self, scratch: Scratch, database: Database, relaying: Database
    ) -> None:
        await save(database, revision(1), revision(2))
        publisher = DiesBeforeTheDelete(scratch)
        async with running(relay_of(relaying, publisher)):
            await eventually(lambda: seen(publisher, 4))
        assert values(publisher) == [1, 2, 1, 2]
        assert await rows(database) == 0

    async def test_three_revisions_saved_while_the_broker_is_away_arrive_in_order_when_it_is_back(
        self, database: Database
    ) -> None:
        publisher = RecordingPublisher()
        publisher.away = True
        relay = relay_of(database, publisher)
        async with running(relay):
            for number in (1, 2, 3):
                await save(database, revision(number))
            await eventually(partial(troubled, relay))
            assert await rows(database) == 3
            publisher.away = False
            await eventually(lambda: seen(publisher, 3))
            await eventually(partial(well, relay))
        assert values(publisher) == [1, 2, 3]

    async def test_a_half_sent_batch_is_sent_again_whole(self, database: Database) -> None:
        publisher = RecordingPublisher(Failure(Unavailable("lost the broker"), sent=2))
        await save(database, *(revision(n) for n in range(4)))
        async with running(relay_of(database, publisher)):
            await eventually(lambda: seen(publisher, 6))
        assert values(publisher) == [0, 1, 0, 1, 2, 3]

    async def test_it_outlives_the_database_being_away(self, scratch: Scratch, database: Database) -> None:
        quick = Timeouts(connect=0.5, acquire=0.5, statement=0.5, answer=0.5)
        publisher = RecordingPublisher()
        async with cuttable(scratch.url("ensue_trigger_api")) as (way, url):
            far = await Database.open(url, application_name="far", max_size=2, timeouts=quick)
            relay = relay_of(far, publisher)
            async with running(relay):
                await way.cut()
                await save(database, revision(1))
                await eventually(partial(troubled, relay))
                await way.mend()
                await eventually(lambda: seen(publisher, 1))
            await far.close()

    async def test_it_stops_at_once_while_it_is_backing_off(self, database: Database) -> None:
        publisher = RecordingPublisher()
        publisher.away = True
        await save(database, revision(1))
        async with running(relay_of(database, publisher)):
            await eventually(lambda: tried(publisher, 6))
        assert await rows(database) == 1

    async def test_what_is_a_defect_ends_it(self, database: Database) -> None:
        await save(database, revision(1))
        relay = relay_of(database, RecordingPublisher(Failure(AttributeError("a defect"))))
        with pytest.raises(AttributeError, match="a defect"):
            await asyncio.wait_for(relay.run(asyncio.Event()), 5)


class TestOrder:
    @pytest.mark.parametrize("script", [[], [Failure(Unavailable("lost"), sent=n) for n in (0, 3, 1, 7, 2)]])
    async def test_per_key_with_several_writers_and_two_relays_at_once(
        self, database: Database, relaying: Database, script: list[Failure]
    ) -> None:
        publisher = RecordingPublisher(*script)
        keys, times = ("a", "b", "c"), 15

        async def write(key: str) -> None:
            for _ in range(times):
                async with database.transaction("studio") as conn:
                    # As every writer of a key must: hold a lock on what the key names while writing about it.
                    await conn.execute("SELECT pg_advisory_xact_lock(hashtext($1))", key)
                    number: int = await conn.fetchval(
                        "INSERT INTO triggers.thing AS t (tenant, name, document) VALUES ('studio', $1, '1')"
                        " ON CONFLICT (tenant, name) DO UPDATE SET document = to_jsonb((t.document)::int + 1)"
                        " RETURNING document::int",
                        key,
                    )
                    await enqueue(conn, SCHEMA, "studio", [revision(number, key)])

        async with running(relay_of(relaying, publisher), relay_of(database, publisher)):
            await asyncio.gather(*(write(key) for key in keys for _ in range(2)))
            await eventually(partial(nothing_left, database))
        for key in keys:
            arrived = [int(r.value or b"") for r in publisher.records if r.key == f"studio/{key}".encode()]
            first_arrivals = list(dict.fromkeys(arrived))
            assert first_arrivals == list(range(1, 2 * times + 1))
            assert arrived == first_arrivals or script

    async def test_a_second_relay_stands_by_until_the_first_is_gone(
        self, database: Database, relaying: Database
    ) -> None:
        busy, standby = RecordingPublisher(), RecordingPublisher()
        busy.hold()
        await save(database, revision(1))
        first = asyncio.create_task(relay_of(relaying, busy).run(asyncio.Event()))
        await eventually(lambda: tried(busy, 1))
        async with running(relay_of(database, standby)):
            await save(database, revision(2))
            assert not await relay_of(database, standby).wait_sent(1, 0.3)
            assert standby.calls == []
            first.cancel()
            await asyncio.wait({first})
            await eventually(lambda: seen(standby, 2))
        assert values(standby) == [1, 2]


class TestSetAside:
    async def test_a_row_that_can_never_be_sent_blocks_nothing(self, database: Database) -> None:
        publisher, metrics = RecordingPublisher(), Metrics()
        publisher.max_value_bytes = 10
        too_large = OutgoingRecord(Topic.TRIGGERS, b"studio/t", b"x" * 11)
        relay = relay_of(database, publisher, metrics)
        first, large, last = await save(database, revision(1), too_large, revision(2))
        async with running(relay):
            assert await relay.wait_sent(last, 5)
            assert await relay.wait_sent(first, 5)
            assert not await relay.wait_sent(large, 5)
            await save(database, revision(3))
            await eventually(lambda: seen(publisher, 3))
        assert values(publisher) == [1, 2, 3]
        assert metrics.value(OUTBOX_FAILED, schema=SCHEMA) == 1
        async with database.transaction() as conn:
            [row] = await conn.fetch("SELECT id, failed_at, failed_reason FROM triggers.outbox")
        assert (row["id"], row["failed_reason"]) == (large, "larger than 10 bytes")
        assert row["failed_at"] is not None

    @pytest.mark.parametrize(
        "fault", ["topic = 'ensue.nowhere'", "headers = '5'", "headers = '[[\"a\"]]'", "headers = '[[\"a\", 1]]'"]
    )
    async def test_a_row_that_is_no_record_blocks_nothing(self, database: Database, fault: str) -> None:
        publisher = RecordingPublisher()
        [odd, _] = await save(database, revision(1), revision(2))
        async with database.transaction() as conn:
            await conn.execute(f"UPDATE triggers.outbox SET {fault} WHERE id = $1", odd)  # noqa: S608 - ours
        relay = relay_of(database, publisher)
        async with running(relay):
            assert not await relay.wait_sent(odd, 5)
            await eventually(lambda: seen(publisher, 1))
        assert values(publisher) == [2]


class TestWaiting:
    async def test_true_as_soon_as_it_is_sent(self, database: Database) -> None:
        relay = relay_of(database, RecordingPublisher())
        async with running(relay):
            [row] = await save(database, revision(1))
            assert await relay.wait_sent(row, 5)
            assert await relay.wait_sent(row, 5), "asked again, long after"

    async def test_false_when_the_time_is_over(self, database: Database) -> None:
        publisher = RecordingPublisher()
        publisher.away = True
        relay = relay_of(database, publisher)
        async with running(relay):
            [row] = await save(database, revision(1))
            assert not await relay.wait_sent(row, 0.2)

    async def test_true_when_the_relay_of_another_process_sent_it(self, database: Database, relaying: Database) -> None:
        async with running(relay_of(relaying, RecordingPublisher())):
            [row] = await save(database, revision(1))
            assert await relay_of(database, RecordingPublisher()).wait_sent(row, 5)

    async def test_false_when_the_database_cannot_say(self, scratch: Scratch, database: Database) -> None:
        [row] = await save(database, revision(1))
        async with cuttable(scratch.url("ensue_trigger_api")) as (way, url):
            far = await Database.open(url, application_name="far", max_size=1)
            await way.cut()
            assert not await relay_of(far, RecordingPublisher()).wait_sent(row, 0.3)
            await far.close()


async def test_what_waits_is_measured(database: Database) -> None:
    publisher, metrics = RecordingPublisher(), Metrics()
    publisher.away = True
    await save(database, revision(1), revision(2))

    def measured(pending: int) -> None:
        assert metrics.value(OUTBOX_PENDING, schema=SCHEMA) == pending
        assert (metrics.value(OUTBOX_OLDEST_AGE, schema=SCHEMA) > 0) == (pending > 0)

    async with running(relay_of(database, publisher, metrics)):
        await eventually(lambda: measured(2))
        publisher.away = False
        await eventually(lambda: measured(0))
    assert metrics.value(OUTBOX_RELAYED, schema=SCHEMA) == 2
