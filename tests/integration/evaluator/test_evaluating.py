"""The evaluator on real topics: what is decided, how often, and that nothing is left undecided."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.integration.audit.world import AuditWorld, audit_world
from tests.integration.evaluator.world import EvaluatorWorld, Running, listening, now_saved
from tests.support.eventually import eventually
from tests.unit.evaluator.studio import (
    BROKEN,
    EVALUATOR,
    NOTIFY,
    SCENES,
    STUDIO,
    UNREADABLE,
    approved,
    batch,
    evaluate,
    garbage,
    of,
    saved,
    trigger,
)

from audit.coverage import coverage
from ensue.core.ids import outcome_record_id
from ensue.core.outcome import Outcome
from ensue.core.ruleset import Ruleset
from ensue.runtime.metrics import EVENTS_EVALUATED
from ensue.wire.headers import DEAD_REASON
from ensue.wire.topics import Topic


@pytest.mark.requirement("R2.17")
async def test_garbage_dies_with_its_reason_and_the_good_event_after_it_fires(world: EvaluatorWorld) -> None:
    await world.save(listening())
    await world.publish(garbage(), of(approved()))
    async with world.evaluating():
        await eventually(lambda: _firings_are(world, 1))
    [letter] = await world.all_of(Topic.DEAD)
    assert letter.value == garbage().value
    assert dict(letter.headers)[DEAD_REASON] == b"invalid_encoding"
    assert letter.key == garbage().key


@pytest.mark.requirement("R2.21")
async def test_an_event_published_twice_has_one_firing_id(world: EvaluatorWorld) -> None:
    await world.save(listening())
    await world.publish(of(approved()), of(approved()))
    async with world.evaluating() as running:
        await evaluated(running, 2)
        await eventually(lambda: _firings_are(world, 2))
    assert len({firing.firing_id for firing in await world.firings()}) == 1
    async with _recorded(world) as journal:
        await eventually(lambda: _rows_are(journal, "firing", 1))
        await eventually(lambda: _rows_are(journal, "event", 1))


async def test_a_topic_read_again_is_decided_the_same(world: EvaluatorWorld) -> None:
    await world.save(listening(), now_saved(saved(NOTIFY)))
    await world.publish(*(of(approved(n, depth=n % 12)) for n in range(60)))
    decided = []
    for group in ("first", "second"):
        async with world.evaluating(group) as running:
            await evaluated(running, 60)
        decided.append(sorted(firing.firing_id for firing in await world.firings()))
    assert len(decided[0]) == 2 * 50
    assert decided[1] == sorted(decided[0] * 2)
    outcomes = await world.outcomes()
    assert len(outcomes) == 2 * 20
    assert len({outcome.record_id for outcome in outcomes}) == 20


@pytest.mark.requirement("R4.4")
async def test_an_edit_between_two_readings_of_an_event_leaves_one_firing(world: EvaluatorWorld) -> None:
    await world.save(listening(1))
    await world.publish(of(approved()))
    async with world.evaluating("first"):
        await eventually(lambda: _firings_are(world, 1))
    await world.save(listening(2))
    async with world.evaluating("second"):
        await eventually(lambda: _firings_are(world, 2))
    firings = await world.firings()
    assert [firing.revision for firing in firings] == [1, 2]
    assert len({firing.firing_id for firing in firings}) == 1
    async with _recorded(world) as journal:
        await eventually(lambda: _rows_are(journal, "receipt", 2))
        [row] = await eventually(lambda: _log(journal, 1))
        assert row["revision"] == 1


@pytest.mark.requirement("R4.6")
async def test_the_receipts_cover_every_offset(world: EvaluatorWorld) -> None:
    await world.save(listening())
    async with world.evaluating() as running:
        for round_ in range(8):
            await world.publish(*(of(approved(100 * round_ + n)) for n in range(25)), garbage())
            await evaluated(running, 25 * (round_ + 1))
        await eventually(lambda: _firings_are(world, 200))
    ends = Counter(record.partition for record in await world.all_of(Topic.EVENTS))
    receipts = await world.receipts()
    assert sum(ends.values()) == 208
    for partition, end in ends.items():
        mine = [receipt for receipt in receipts if receipt.partition == partition]
        assert coverage(mine, 0, end) == ()
        assert coverage(mine[1:], 0, end) != ()
    assert sum(receipt.events for receipt in receipts) == sum(receipt.firings for receipt in receipts) == 200
    assert sum(receipt.dead for receipt in receipts) == 8


@pytest.mark.requirement("R3.18")
async def test_an_erring_condition_is_logged_and_the_good_trigger_fires(world: EvaluatorWorld) -> None:
    rules = Ruleset.empty().apply([trigger(BROKEN, where=UNREADABLE), trigger(SCENES)])
    await world.publish(*evaluate(rules, batch(of(approved())), EVALUATOR).records)
    async with _recorded(world) as journal:
        rows = {row["trigger_id"]: row for row in await eventually(lambda: _log(journal, 2))}
    assert rows[SCENES]["status"] == "pending"
    assert rows[BROKEN]["status"] == "condition_error"
    assert "no_such_operator" in rows[BROKEN]["detail"]


@pytest.mark.requirement("R6.2")
async def test_too_deep_an_event_is_blocked_and_logged_with_the_reason(world: EvaluatorWorld) -> None:
    await world.save(listening())
    await world.publish(*(of(approved(depth, depth=depth)) for depth in range(13)))
    async with world.evaluating():
        await eventually(lambda: _firings_are(world, 10))
        await eventually(lambda: _outcomes_are(world, 3))
    for outcome in await world.outcomes():
        assert isinstance(outcome, Outcome)
        assert outcome.record_id == outcome_record_id(outcome.firing_id)
    async with _recorded(world) as journal:
        rows = await eventually(lambda: _log(journal, 13))
    assert {row["depth"]: (row["status"], row["reason"]) for row in rows} == {
        **dict.fromkeys(range(10), ("pending", None)),
        **dict.fromkeys(range(10, 13), ("blocked", "chain_depth")),
    }


@asynccontextmanager
async def _recorded(world: EvaluatorWorld) -> AsyncIterator[AuditWorld]:
    """The journal, an audit at work on it."""
    async with audit_world(world.servers, world.prefix, world.database) as journal, journal.auditing():
        yield journal


async def _firings_are(world: EvaluatorWorld, number: int) -> None:
    assert len(await world.all_of(Topic.FIRINGS)) == number


async def _outcomes_are(world: EvaluatorWorld, number: int) -> None:
    assert len(await world.outcomes()) == number


async def _rows_are(journal: AuditWorld, table: str, number: int) -> None:
    assert await journal.rows(table) == number


async def _log(journal: AuditWorld, number: int) -> Sequence[Any]:
    rows = await journal.read("SELECT * FROM audit.v_log WHERE tenant = $1 ORDER BY at, firing_id", STUDIO)
    assert len(rows) == number
    return rows


async def evaluated(running: Running, number: int) -> None:
    """Wait until so many events were decided."""

    def decided() -> None:
        assert running.metrics.value(EVENTS_EVALUATED, topic="ensue.events") == number

    await eventually(decided)
