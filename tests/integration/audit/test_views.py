"""What other services may read of the journal: the views, each tenant its own rows, and no table."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from tests.integration.audit.world import (
    NOTIFY,
    RIVAL,
    SCENES,
    STUDIO,
    TABLES,
    AuditWorld,
    approved,
    blocked,
    dead_letter,
    erred,
    fired,
    midday,
    receipt,
    succeeded,
)
from tests.support.eventually import eventually

from ensue.wire.cloudevents import encode_event
from ensue.wire.records import encode_firing, encode_outcome
from ensue.wire.topics import OutgoingRecord, Topic

READER = "ensue_trigger_api"
LOG = "SELECT * FROM audit.v_log WHERE tenant = $1 ORDER BY at DESC, firing_id DESC"


@pytest.mark.requirement("R13.18")
async def test_a_reader_sees_the_log_of_its_tenant_and_no_table(world: AuditWorld) -> None:
    await recorded(world, *(encode_firing(fired(approved(n, tenant))) for n in range(3) for tenant in (STUDIO, RIVAL)))
    mine = await world.read("SELECT tenant FROM audit.v_log", role=READER, tenant=STUDIO)
    assert [row["tenant"] for row in mine] == [STUDIO] * 3
    assert await world.read("SELECT FROM audit.v_log WHERE tenant = 'rival'", role=READER, tenant=STUDIO) == []
    assert await world.read("SELECT FROM audit.v_log", role=READER) == []
    assert len(await world.read("SELECT FROM audit.v_log")) == 6
    for table in (*TABLES, "first_seen", f"firing_{midday(0):%Y%m%d}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.read(f"SELECT FROM audit.{table}", role=READER, tenant=STUDIO)


async def test_rows_without_a_tenant_are_seen_by_nobody_who_has_one(world: AuditWorld) -> None:
    await recorded(world, dead_letter(STUDIO), encode_outcome(receipt()), encode_event(approved(), Topic.EVENTS))
    await recorded(world, OutgoingRecord(Topic.DEAD, None, b"whose?"))
    for view, seen_by_tenant, seen_by_all in (("v_dead", 1, 2), ("v_receipt", 0, 1), ("v_event", 1, 1)):
        sql = f"SELECT FROM audit.{view}"
        assert len(await world.read(sql, role=READER, tenant=STUDIO)) == seen_by_tenant
        assert await world.read(sql, role=READER, tenant=RIVAL) == []
        assert len(await world.read(sql)) == seen_by_all


async def test_the_log_tells_how_each_firing_stands(world: AuditWorld) -> None:
    pending, ended, deep, err = (fired(approved(n)) for n in range(4))
    await recorded(world, *(encode_event(approved(n), Topic.EVENTS) for n in range(4)))
    await recorded(world, encode_firing(pending), encode_firing(ended), encode_outcome(succeeded(ended)))
    await recorded(world, encode_outcome(blocked(deep)), encode_outcome(erred(err)))
    rows = {row["firing_id"]: row for row in await world.read(LOG, STUDIO, role=READER, tenant=STUDIO)}
    assert {firing_id: row["status"] for firing_id, row in rows.items()} == {
        pending.firing_id: "pending",
        ended.firing_id: "succeeded",
        deep.firing_id: "blocked",
        err.firing_id: "condition_error",
    }
    assert rows[deep.firing_id]["reason"] == "chain_depth"
    assert rows[err.firing_id]["detail"] == "KeyError: 'score'"
    assert rows[pending.firing_id]["ended_at"] is None
    assert rows[ended.firing_id]["ended_at"] == ended.observed_at + timedelta(seconds=2)
    assert '"webhook"' in rows[ended.firing_id]["actions"]
    assert {row["event_type"] for row in rows.values()} >= {"variant.approved"}
    assert {row["trigger_id"] for row in rows.values()} == {SCENES}


async def test_a_decision_without_a_firing_is_named_by_its_event(world: AuditWorld) -> None:
    event = approved()
    await recorded(world, encode_event(event, Topic.EVENTS))
    [at] = [row["at"] for row in await world.read("SELECT at FROM audit.v_event")]
    await recorded(world, encode_outcome(blocked(fired(event, at=at))))
    [row] = await world.read(LOG, STUDIO)
    assert (row["event_type"], row["event_subject"], row["event_id"]) == ("variant.approved", "variant-1", "v-1")


async def test_what_was_blocked_at_first_and_then_fired_counts_as_fired(world: AuditWorld) -> None:
    """The trigger's limit was raised between two readings of one event."""
    firing = fired(approved())
    await recorded(world, encode_outcome(blocked(firing)), encode_firing(firing))
    await recorded(world, encode_outcome(succeeded(firing)))
    [row] = await world.read(LOG, STUDIO)
    assert row["status"] == "succeeded"


async def test_the_log_is_paged_without_a_gap_or_a_repetition(world: AuditWorld) -> None:
    at = midday(0)
    instants = [at, at, at, at - timedelta(days=1), at - timedelta(seconds=1)]
    firings = [fired(approved(n), at=instants[n % 5]) for n in range(15)]
    deep = [blocked(fired(approved(n), NOTIFY, instants[n % 5])) for n in range(7)]
    await recorded(world, *map(encode_firing, firings), *map(encode_outcome, deep))
    pages = [page async for page in _pages(world, 4)]
    seen = [key for page in pages for key in page]
    assert len(seen) == 22
    assert seen == sorted(seen, reverse=True)
    assert {firing_id for _, firing_id in seen} == {f.firing_id for f in firings} | {b.firing_id for b in deep}


async def test_a_page_of_the_log_reads_no_more_than_it_shows(world: AuditWorld) -> None:
    events = [encode_event(approved(n), Topic.EVENTS) for n in range(300)]
    firings = [encode_firing(fired(approved(n), at=midday(n % 4) + timedelta(seconds=n))) for n in range(300)]
    deep = [encode_outcome(blocked(fired(approved(n), NOTIFY, midday(n % 4)))) for n in range(300)]
    await recorded(world, *events, *firings, *deep)
    await world.admin.execute("ANALYZE audit.firing, audit.outcome, audit.event, audit.condition_error")
    plan = await world.read("EXPLAIN (ANALYZE, COSTS off, TIMING off) " + LOG + " LIMIT 5", STUDIO)
    text = "\n".join(row[0] for row in plan)
    assert "Merge Append" in text
    assert max(float(rows) for rows in re.findall(r"actual rows=([0-9.]+)", text)) <= 5, text


async def recorded(world: AuditWorld, *records: OutgoingRecord) -> None:
    """Publish and wait until the journal has a row for each."""
    before = sum((await world.counts()).values())
    await world.publish(*records)

    async def all_there() -> None:
        assert sum((await world.counts()).values()) == before + len(records)

    async with world.auditing():
        await eventually(all_there)


async def _pages(world: AuditWorld, size: int) -> AsyncIterator[list[tuple[datetime, UUID]]]:
    after: tuple[datetime, UUID] | None = None
    while True:
        sql = "SELECT at, firing_id FROM audit.v_log WHERE tenant = $1"
        values: list[object] = [STUDIO]
        if after is not None:
            sql += " AND (at, firing_id) < ($2, $3)"
            values += after
        rows = await world.read(sql + f" ORDER BY at DESC, firing_id DESC LIMIT {size}", *values)
        if not rows:
            return
        page = [(row["at"], row["firing_id"]) for row in rows]
        after = page[-1]
        yield page
