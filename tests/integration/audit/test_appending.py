"""The audit appends everything that is said on its topics, each once, whatever happens to it meanwhile."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.integration.audit.world import (
    NOTIFY,
    RIVAL,
    AuditWorld,
    action_ended,
    approved,
    blocked,
    dead_letter,
    erred,
    fired,
    instant,
    midday,
    receipt,
    succeeded,
)
from tests.integration.postgres.cuttable import cuttable
from tests.support.eventually import eventually

from audit.journal import Journal
from ensue.postgres.database import Database
from ensue.runtime.metrics import AUDIT_DUPLICATES, AUDIT_PASSED_OVER, AUDIT_ROWS, HANDLER_RETRIES, Metrics
from ensue.wire.cloudevents import encode_event
from ensue.wire.records import encode_firing, encode_outcome
from ensue.wire.topics import OutgoingRecord, Topic

ONE_OF_EACH = {
    "event": 2,
    "firing": 1,
    "outcome": 2,
    "action_outcome": 1,
    "condition_error": 1,
    "receipt": 1,
    "dead": 1,
}


def one_of_each() -> list[OutgoingRecord]:
    """A record of every kind."""
    firing, too_deep = fired(approved()), fired(approved(2), NOTIFY)
    return [
        encode_event(approved(), Topic.EVENTS),
        encode_event(approved(2), Topic.SYSTEM),
        encode_firing(firing),
        encode_outcome(succeeded(firing)),
        encode_outcome(blocked(too_deep)),
        encode_outcome(action_ended(firing)),
        encode_outcome(erred(fired(approved(), NOTIFY))),
        encode_outcome(receipt()),
        dead_letter(),
    ]


def duplicates(metrics: Metrics) -> float:
    """Rows met again, of all kinds."""
    kinds = ("event", "firing", "blocked", "outcome", "action_outcome", "condition_error", "receipt", "dead")
    return sum(metrics.value(AUDIT_DUPLICATES, kind=kind) for kind in kinds)


@pytest.mark.requirement("R13.12")
async def test_every_kind_is_appended_once_though_the_topics_are_read_twice(world: AuditWorld) -> None:
    await world.publish(*one_of_each())
    async with world.auditing("first"):
        await eventually(lambda: _counts_are(world, ONE_OF_EACH))
    async with world.auditing("second") as metrics:
        await eventually(lambda: _is(duplicates(metrics), 9))
    assert await world.counts() == ONE_OF_EACH


async def test_the_rows_say_what_the_records_said(world: AuditWorld) -> None:
    event = approved()
    firing = fired(event)
    await world.publish(*one_of_each())
    async with world.auditing():
        await eventually(lambda: _counts_are(world, ONE_OF_EACH))
    [row] = await world.read("SELECT * FROM audit.v_event WHERE event_uid = $1", event.event_uid)
    assert (row["tenant"], row["type"], row["subject"], row["entity_type"], row["depth"]) == (
        "studio",
        "variant.approved",
        "variant-1",
        "variant",
        0,
    )
    assert msgspec.json.decode(row["data"]) == event.data
    assert row["topic"] == "ensue.events"
    [action] = await world.read("SELECT * FROM audit.v_action")
    assert (action["firing_id"], action["kind"], action["attempts"], action["emitted_event_uid"].int) == (
        firing.firing_id,
        "webhook",
        2,
        7,
    )
    [said] = await world.read("SELECT * FROM audit.v_receipt")
    assert (said["group"], said["first_offset"], said["next_offset"], said["dead"]) == ("ensue.evaluator", 0, 5, 1)


async def test_a_dead_letter_keeps_bytes_headers_place_and_reason(world: AuditWorld) -> None:
    await world.publish(dead_letter())
    async with world.auditing():
        await eventually(lambda: _rows_are(world, "dead", 1))
    [row] = await world.read("SELECT * FROM audit.v_dead")
    assert (row["topic"], row["partition"], row["offset"]) == ("ensue.events", 1, 77)
    assert (row["reason"], row["message"], row["consumer_group"]) == ("invalid_json", "no JSON", "ensue.evaluator")
    assert (row["key"], row["value"], row["tenant"]) == (b"key", b"\xff not json \x00", "studio")
    assert msgspec.json.decode(row["headers"]) == [
        ["ce_tenant", "studio"],
        ["x-raw", {"base64": "/wA="}],
        ["x-none", None],
    ]


async def test_anything_at_all_on_the_dead_topic_is_kept(world: AuditWorld) -> None:
    await world.publish(
        OutgoingRecord(Topic.DEAD, None, None),
        OutgoingRecord(Topic.DEAD, b"\x00", b"\x00", (("a\x00b", b"\x00"), ("ensue-dead-offset", b"-1"))),
        OutgoingRecord(Topic.DEAD, b"k", b"v", (("ensue-dead-timestamp", b"yesterday"), ("ce_tenant", b"\xff"))),
    )
    async with world.auditing():
        await eventually(lambda: _rows_are(world, "dead", 3))
    topics = {row["topic"] for row in await world.read("SELECT * FROM audit.v_dead")}
    assert topics == {"ensue.dead"}


@pytest.mark.requirement("R2.21")
async def test_an_event_that_its_producer_sent_twice_is_one_row_and_its_firing_one(world: AuditWorld) -> None:
    event = approved()
    await world.publish(encode_event(event, Topic.EVENTS))
    await world.publish(encode_firing(fired(event, at=midday(-1))), encode_outcome(blocked(fired(event, NOTIFY))))
    async with world.auditing() as metrics:
        await eventually(lambda: _rows_are(world, "firing", 1))
        await world.publish(encode_event(event, Topic.EVENTS))
        await world.publish(encode_firing(fired(event)), encode_outcome(blocked(fired(event, NOTIFY, midday(1)))))
        await eventually(lambda: _is(duplicates(metrics), 3))
    assert [await world.rows(table) for table in ("event", "firing", "outcome")] == [1, 1, 1]
    [row] = await world.read("SELECT at FROM audit.firing")
    assert row["at"] == midday(-1)


async def test_undecodable_records_are_passed_over_or_die_as_their_topic_asks(world: AuditWorld) -> None:
    garbage = b"{\xff"
    await world.publish(
        OutgoingRecord(Topic.EVENTS, b"k", garbage),
        OutgoingRecord(Topic.SYSTEM, b"k", None),
        OutgoingRecord(Topic.FIRINGS, b"k", garbage),
        OutgoingRecord(Topic.OUTCOMES, b"k", garbage),
        OutgoingRecord(Topic.OUTCOMES, b"k", b'{"kind": "rumour"}'),
        encode_event(approved(), Topic.EVENTS),
    )
    async with world.auditing() as metrics:
        await eventually(lambda: _rows_are(world, "dead", 2))
        await eventually(lambda: _rows_are(world, "event", 1))
    rows = await world.read("SELECT topic, reason, value FROM audit.v_dead ORDER BY reason")
    assert [(row["topic"], row["value"]) for row in rows] == [
        ("ensue.outcomes", garbage),
        ("ensue.outcomes", b'{"kind": "rumour"}'),
    ]
    assert rows[1]["reason"] == "unknown_kind"
    assert metrics.value(AUDIT_PASSED_OVER, topic="ensue.events", reason="not_cloudevent") == 1
    assert metrics.value(AUDIT_ROWS, kind="event") == 1


async def test_what_postgres_cannot_hold_dies_alone(world: AuditWorld) -> None:
    huge = msgspec.json.decode(encode_firing(fired(approved(99))).value or b"")
    huge["revision"] = 2**80
    firings = [encode_firing(fired(approved(number))) for number in range(20)]
    unstorable = OutgoingRecord(Topic.FIRINGS, firings[0].key, msgspec.json.encode(huge))
    await world.publish(*firings[:10], unstorable, *firings[10:])
    async with world.auditing() as metrics:
        await eventually(lambda: _rows_are(world, "dead", 1))
        await eventually(lambda: _rows_are(world, "firing", 20))
    [row] = await world.read("SELECT reason, value FROM audit.v_dead")
    assert (row["reason"], row["value"]) == ("unstorable", unstorable.value)
    assert metrics.value(AUDIT_PASSED_OVER, topic="ensue.firings", reason="unstorable") == 1


async def test_text_that_postgres_cannot_hold_is_kept_with_a_replacement(world: AuditWorld) -> None:
    body = msgspec.json.decode(encode_outcome(succeeded(fired(approved()))).value or b"")
    body["detail"] = body["actions"][0]["detail"] = "answered \x00"
    await world.publish(OutgoingRecord(Topic.OUTCOMES, b"k", msgspec.json.encode(body)))
    async with world.auditing():
        await eventually(lambda: _rows_are(world, "outcome", 1))
    [row] = await world.read("SELECT detail, actions->0->>'detail' AS of_action FROM audit.outcome")
    assert (row["detail"], row["of_action"]) == ("answered \ufffd", "answered \ufffd")


async def test_records_of_other_days_find_their_partition(world: AuditWorld) -> None:
    days = (-400, -29, -1, 0, 6, 300)
    firings = [fired(approved(100 + day), at=midday(day)) for day in days]
    await world.publish(*(encode_firing(firing) for firing in firings))
    async with world.auditing():
        await eventually(lambda: _rows_are(world, "firing", len(days)))
    for firing in firings:
        table = f"audit.firing_{firing.observed_at:%Y%m%d}"
        assert await world.admin.fetchval(f"SELECT record_id FROM {table}") == firing.firing_id  # noqa: S608 - our own


async def test_a_batch_that_spans_two_months_is_no_work_too_long(world: AuditWorld) -> None:
    """A quiet topic read from its beginning: every record is of another day."""
    await world.publish(*(encode_firing(fired(approved(day), at=midday(-day))) for day in range(60)))
    async with world.auditing() as metrics:
        await eventually(lambda: _rows_are(world, "firing", 60), within=60)
    assert metrics.value(HANDLER_RETRIES) == 0


async def test_two_processes_make_the_same_partitions_at_once(world: AuditWorld) -> None:
    database = await Database.open(world.database.url("ensue_audit"), application_name="two", max_size=4)
    journal = Journal(database)
    try:
        for first in range(40, 52, 3):
            days = [midday(number).date() for number in range(first, first + 3)]
            made = await asyncio.gather(*(journal.ensure_partitions(days) for _ in range(4)))
            assert sorted(made) == [0, 0, 0, len(days)]
    finally:
        await database.close()
    unprotected = "SELECT relname FROM pg_class WHERE relnamespace = 'audit'::regnamespace AND relkind IN ('r', 'p')"
    unprotected += " AND NOT (relrowsecurity AND relforcerowsecurity) AND relname <> 'schema_migrations'"
    assert await world.admin.fetch(unprotected) == []


async def test_only_the_owner_of_the_journal_changes_it(world: AuditWorld) -> None:
    rights = await world.admin.fetch(
        "SELECT grantee, privilege_type, table_name FROM information_schema.role_table_grants"
        " WHERE table_schema = 'audit' AND grantee NOT IN ('ensue_audit_owner') AND privilege_type NOT IN"
        " ('SELECT', 'INSERT')"
    )
    assert rights == []


async def test_while_postgres_is_away_it_waits_and_loses_nothing(world: AuditWorld) -> None:
    async with cuttable(world.database.url("ensue_audit")) as (way, url), world.auditing(url=url) as metrics:
        await world.publish(encode_event(approved(1), Topic.EVENTS))
        await eventually(lambda: _rows_are(world, "event", 1))
        await way.cut()
        await world.publish(*(encode_event(approved(number), Topic.EVENTS) for number in range(2, 52)))
        await eventually(lambda: _at_least(metrics.value(HANDLER_RETRIES), 1))
        assert await world.rows("event") == 1
        await way.mend()
        await eventually(lambda: _rows_are(world, "event", 51))


async def test_what_was_first_seen_is_forgotten_after_35_days_and_not_before(world: AuditWorld) -> None:
    old, young = fired(approved(1), at=midday(-60)), fired(approved(2), at=midday(-30))
    await world.publish(encode_firing(old), encode_firing(young))
    async with world.auditing():
        await eventually(lambda: _rows_are(world, "firing", 2))
    database = await Database.open(world.database.url("ensue_audit"), application_name="keeper")
    try:
        assert await Journal(database).forget_first_seen(instant()) == 1
    finally:
        await database.close()
    [kept] = await world.admin.fetch("SELECT record_id FROM audit.first_seen")
    assert kept["record_id"] == young.firing_id


async def test_tenants_may_have_the_same_event(world: AuditWorld) -> None:
    await world.publish(encode_event(approved(), Topic.EVENTS), encode_event(approved(tenant=RIVAL), Topic.EVENTS))
    async with world.auditing():
        await eventually(lambda: _rows_are(world, "event", 2))


async def _counts_are(world: AuditWorld, expected: dict[str, int]) -> None:
    assert await world.counts() == expected


async def _rows_are(world: AuditWorld, table: str, expected: int) -> None:
    assert await world.rows(table) == expected


def _is(actual: float, expected: float) -> None:
    assert actual == expected


def _at_least(actual: float, expected: float) -> None:
    assert actual >= expected
