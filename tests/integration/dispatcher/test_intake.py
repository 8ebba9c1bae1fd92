"""Firings are taken in once, with their plan, whatever is read twice or cannot be read at all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from tests.integration.dispatcher.world import NOW, TRIGGER, World, a_firing, batch_of

from dispatcher.intake import IntakeHandler
from dispatcher.intake_store import IntakeStore
from dispatcher.revisions import Revisions
from ensue.core.event import FiringMode
from ensue.core.outcome import ActionOutcome, Outcome, OutcomeStatus, Reason
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import INTAKE_DUPLICATES, INTAKE_FIRINGS, Metrics
from ensue.wire.errors import DecodeReason
from ensue.wire.records import encode_firing

LOG = {"kind": "log", "message": "variant {{ event.data.variant_id }}"}


@pytest.mark.requirement("R4.5")
async def test_a_firing_read_again_and_again_is_one_row(world: World) -> None:
    await world.trigger(LOG, LOG)
    metrics = Metrics()
    await world.take_in(a_firing(1), a_firing(2), a_firing(1), metrics=metrics)
    await world.take_in(a_firing(2), a_firing(1), a_firing(3), metrics=metrics)
    assert await world.rows("SELECT count(*) FROM dispatch.firing") == [{"count": 3}]
    assert await world.states() == ["due", "waiting"] * 3
    assert (metrics.value(INTAKE_FIRINGS), metrics.value(INTAKE_DUPLICATES)) == (3, 3)


async def test_an_edit_between_two_reads_does_not_fire_twice(world: World) -> None:
    await world.trigger(LOG)
    await world.take_in(a_firing(1))
    await world.admin.execute(
        "INSERT INTO triggers.trigger_revision SELECT tenant, trigger_id, 2, name, enabled, deleted, active_since,"
        " document, created_at, saved_by FROM triggers.trigger_revision"
    )
    await world.take_in(a_firing(1, revision=2))
    assert await world.rows("SELECT revision FROM dispatch.firing") == [{"revision": 1}]


async def test_two_intakes_of_the_same_records_at_once_write_them_once(world: World) -> None:
    await world.trigger(LOG)
    firings = [a_firing(number) for number in range(50)]
    metrics = Metrics()
    await asyncio.gather(*(world.take_in(*firings, metrics=metrics) for _ in range(4)))
    assert await world.rows("SELECT count(*) FROM dispatch.action") == [{"count": 50}]
    assert (metrics.value(INTAKE_FIRINGS), metrics.value(INTAKE_DUPLICATES)) == (50, 150)


async def test_what_cannot_be_decoded_is_a_dead_letter_and_the_next_is_processed(world: World) -> None:
    await world.trigger(LOG)
    odd = [replace(a_firing(2), tenant="a b"), replace(a_firing(3), revision=2**40)]
    values = [b"\xff", None, b"{}", *(encode_firing(firing).value for firing in (*odd, a_firing(1)))]
    handler = IntakeHandler(IntakeStore(world.database, Revisions(), SystemClock()), Metrics(), lambda: None)
    handled = await handler.handle([batch_of(values)])
    assert [letter.reason for letter in handled.dead] == [DecodeReason.INVALID_RECORD] * 5
    assert [letter.record.offset for letter in handled.dead] == [0, 1, 2, 3, 4]
    assert await world.states() == ["due"]


async def test_the_plan_is_frozen_from_the_firings_revision(world: World) -> None:
    await world.trigger(world.webhook("/{{ event.data.variant_id }}", timeout="3s", retry={"max_attempts": 2}), LOG)
    await world.take_in(a_firing(7))
    first, second = await world.rows("SELECT * FROM dispatch.action ORDER BY position")
    assert f'"url":"{world.receiver.url}/7"' in first["request"]
    assert (first["lane"], first["timeout_seconds"]) == (f"studio/127.0.0.1:{world.receiver.port}", 3.0)
    assert '"max_attempts":2' in first["retry"]
    assert (second["request"], second["lane"], second["retry"]) == ('{"message":"variant 7"}', "studio/", None)


async def test_a_delay_counts_from_when_the_event_was_observed(world: World) -> None:
    await world.trigger(LOG, delay="5m")
    await world.take_in(a_firing(1))
    assert await world.rows("SELECT due_at FROM dispatch.action") == [{"due_at": NOW + timedelta(minutes=5)}]


@pytest.mark.requirement("R6.2")
async def test_a_firing_over_the_depth_limit_is_blocked(world: World) -> None:
    await world.trigger(LOG, brakes={"max_chain_depth": 3})
    await world.take_in(a_firing(1, depth=2), a_firing(2, depth=3))
    rows = await world.rows("SELECT depth, state, reason FROM dispatch.firing ORDER BY depth")
    assert rows == [
        {"depth": 2, "state": "open", "reason": None},
        {"depth": 3, "state": "blocked", "reason": "chain_depth"},
    ]
    [told] = await world.told()
    assert isinstance(told, Outcome)
    assert (told.status, told.reason, told.actions) == (OutcomeStatus.BLOCKED, Reason.CHAIN_DEPTH, ())


@pytest.mark.parametrize(
    "firing", [a_firing(1, revision=9), a_firing(1, trigger_id=UUID(int=9)), a_firing(1, tenant="x")]
)
async def test_a_revision_that_nobody_knows_is_a_dead_firing(world: World, firing: object) -> None:
    await world.trigger(LOG)
    await world.take_in(firing)  # type: ignore[arg-type]  # a parameter of the test
    [told] = await world.told()
    assert isinstance(told, Outcome)
    assert (told.status, told.reason) == (OutcomeStatus.DEAD, Reason.UNKNOWN_REVISION)


async def test_a_revision_is_asked_for_again_until_it_is_there(world: World) -> None:
    store = IntakeStore(world.database, Revisions(), SystemClock())
    [early] = await store.write([a_firing(1)])
    await world.trigger(LOG)
    [later] = await store.write([a_firing(2)])
    assert (early.over, later.over) == (True, False)


@pytest.mark.requirement("R1.11")
async def test_a_firing_observed_before_the_trigger_was_disabled_is_cancelled_at_intake(world: World) -> None:
    await world.trigger(LOG, LOG)
    await world.admin.execute("UPDATE triggers.trigger SET cancel_before = $1", NOW)
    await world.take_in(a_firing(1), replace(a_firing(2), observed_at=NOW + timedelta(milliseconds=1)))
    assert sorted(await world.states()) == ["cancelled", "cancelled", "due", "waiting"]
    *actions, outcome = await world.told()
    assert [type(each) for each in actions] == [ActionOutcome, ActionOutcome]
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.reason) == (OutcomeStatus.CANCELLED, Reason.TRIGGER_DISABLED)


@pytest.mark.parametrize(
    ("stop", "states"),
    [
        ("UPDATE triggers.trigger SET enabled = false, cancel_before = $1", ["cancelled"]),
        ("UPDATE triggers.trigger SET enabled = false, cancel_before = $1, deleted_at = $1", ["cancelled"]),
        ("UPDATE triggers.trigger SET enabled = false, updated_at = $1", ["due"]),  # told to finish
        (
            "UPDATE triggers.trigger SET enabled = false, cancel_before = $1, active_since = $1",
            ["due"],
        ),  # cancelled, enabled, told to finish
    ],
)
async def test_what_comes_late_to_a_stopped_trigger_does_not_begin(world: World, stop: str, states: list[str]) -> None:
    """Observed after the stop, before any evaluator knew of it; or by a broker whose clock is ahead."""
    await world.trigger(LOG)
    await world.admin.execute(stop, NOW + timedelta(seconds=1))
    await world.take_in(replace(a_firing(1), observed_at=NOW + timedelta(seconds=2)))
    assert await world.states() == states


async def test_test_mode_records_and_runs_nothing(world: World) -> None:
    await world.trigger(world.webhook())
    await world.take_in(replace(a_firing(1), mode=FiringMode.TEST))
    async with world.dispatcher():
        assert await world.states() == ["skipped"]
    assert world.receiver.calls == []
    assert await world.rows("SELECT mode, state FROM dispatch.firing") == [{"mode": "test", "state": "succeeded"}]


async def test_tenants_of_one_batch_keep_their_own(world: World) -> None:
    await world.trigger(LOG, brakes={"max_chain_depth": 1})
    await world.trigger(LOG, tenant="other", brakes={"max_chain_depth": 1})
    await world.take_in(a_firing(1, depth=1), a_firing(1, tenant="other", depth=1))
    rows = await world.rows("SELECT tenant, trigger_id FROM dispatch.firing ORDER BY tenant")
    assert rows == [{"tenant": "other", "trigger_id": TRIGGER}, {"tenant": "studio", "trigger_id": TRIGGER}]
    keys = await world.rows("SELECT tenant, split_part(convert_from(key, 'UTF8'), '/', 1) AS key FROM dispatch.outbox")
    assert all(row["tenant"] == row["key"] for row in keys)
    assert len(keys) == 2
