"""The outbox: records are written with their cause or not at all, and come out as they went in."""

from __future__ import annotations

import pytest
from tests.integration.postgres.conftest import Scratch
from tests.integration.postgres.relays import SCHEMA, relay_of, revision, running, save, seen, values
from tests.support.eventually import eventually

from ensue.core.errors import InvalidValue, Unavailable
from ensue.postgres.database import Database
from ensue.postgres.outbox import enqueue
from ensue.testing.publishing import RecordingPublisher
from ensue.wire.topics import OutgoingRecord, Topic


class TestWriting:
    async def test_records_come_out_as_they_went_in(self, database: Database) -> None:
        records = [
            OutgoingRecord(
                Topic.TRIGGERS, b"\x00\xff", b"\x00binary\xff", (("b", b"1"), ("a", "ü".encode()), ("b", b"2"))
            ),
            OutgoingRecord(Topic.OUTCOMES, None, None),
            OutgoingRecord(Topic.SYSTEM, b"k", b""),
        ]
        ids = await save(database, *records)
        assert ids == sorted(ids)
        publisher = RecordingPublisher()
        async with running(relay_of(database, publisher)):
            await eventually(lambda: seen(publisher, 3))
        assert publisher.records == records

    async def test_nothing_to_say_is_nothing_written(self, database: Database) -> None:
        assert await save(database) == []

    async def test_many_records_keep_their_order(self, database: Database) -> None:
        ids = await save(database, *(revision(n) for n in range(1200)))
        assert ids == sorted(ids)
        publisher = RecordingPublisher()
        async with running(relay_of(database, publisher)):
            await eventually(lambda: seen(publisher, 1200))
        assert values(publisher) == list(range(1200))
        assert publisher.calls == [500, 500, 200]

    async def test_large_records_go_in_small_batches(self, database: Database) -> None:
        large = [OutgoingRecord(Topic.SYSTEM, b"k", bytes([n]) * 3_000_000) for n in range(5)]
        await save(database, *large)
        await save(database, OutgoingRecord(Topic.SYSTEM, b"k", b"x" * 9_000_000))
        publisher = RecordingPublisher()
        async with running(relay_of(database, publisher)):
            await eventually(lambda: seen(publisher, 6))
        assert publisher.records[:5] == large
        assert publisher.calls == [2, 2, 1, 1]

    @pytest.mark.parametrize("header", [b"\xff\xfe", b"a\x00b"])
    async def test_a_header_that_is_no_text_is_refused(self, database: Database, header: bytes) -> None:
        with pytest.raises(InvalidValue, match="header"):
            await save(database, OutgoingRecord(Topic.SYSTEM, None, None, (("x", header),)))

    async def test_a_tenant_cannot_speak_for_another(self, database: Database) -> None:
        with pytest.raises(Exception, match="row-level security"):
            async with database.transaction("studio") as conn:
                await enqueue(conn, SCHEMA, "agency", [revision(1)])


class TestWithItsCause:
    """The safeguard "outbox": what is said and what was changed are one commit."""

    async def test_a_record_of_a_transaction_that_fails_is_never_sent(self, database: Database) -> None:
        async def change_and_fail() -> None:
            async with database.transaction("studio") as conn:
                await conn.execute("INSERT INTO triggers.thing (tenant, name) VALUES ('studio', 'a')")
                await enqueue(conn, SCHEMA, "studio", [revision(1)])
                raise KeyError

        publisher = RecordingPublisher()
        async with running(relay_of(database, publisher)):
            with pytest.raises(KeyError):
                await change_and_fail()
            await save(database, revision(2))
            await eventually(lambda: seen(publisher, 1))
        assert values(publisher) == [2]

    async def test_a_record_of_a_writer_killed_before_its_commit_is_never_sent(
        self, scratch: Scratch, database: Database
    ) -> None:
        async def change_and_die() -> None:
            async with database.transaction("studio") as conn:
                await enqueue(conn, SCHEMA, "studio", [revision(1)])
                await scratch.terminate("the test")

        with pytest.raises(Unavailable):
            await change_and_die()
        publisher = RecordingPublisher()
        await save(database, revision(2))
        async with running(relay_of(database, publisher)):
            await eventually(lambda: seen(publisher, 1))
        assert values(publisher) == [2]

    async def test_a_record_whose_writer_ends_after_the_commit_is_sent_by_the_next(self, database: Database) -> None:
        await save(database, revision(1))
        publisher = RecordingPublisher()
        async with running(relay_of(database, publisher)):
            await eventually(lambda: seen(publisher, 1))

    async def test_a_late_commit_with_an_earlier_id_is_not_lost(self, database: Database) -> None:
        publisher = RecordingPublisher()
        async with running(relay_of(database, publisher)):
            async with database.transaction("studio") as slow:
                [first] = await enqueue(slow, SCHEMA, "studio", [revision(1, "slow")])
                [second] = await save(database, revision(2, "quick"))
                assert first < second
                await eventually(lambda: seen(publisher, 1))
            await eventually(lambda: seen(publisher, 2))
        assert values(publisher) == [2, 1]
