"""Workers that die, freeze and come back, a database that goes away: each firing still ends once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from tests.integration.dispatcher.world import PATIENT, QUICK, Running, World, a_firing
from tests.support.eventually import eventually
from tests.support.receiver import Say

from ensue.core.ids import action_id
from ensue.core.outcome import ActionOutcome, Outcome, OutcomeStatus
from ensue.runtime.metrics import ATTEMPTS_UNKNOWN, FENCE_REJECTED, OUTCOMES
from ensue.wire.topics import Topic

ONE = replace(PATIENT, slots=1, per_lane=1)


async def called(world: World, times: int) -> None:
    """Wait until the receiver was called so often."""

    def look() -> None:
        assert len(world.receiver.calls) == times

    await eventually(look)


async def firing_is(world: World, state: str) -> None:
    """Wait until the one firing is in that state."""

    async def look() -> None:
        assert await world.rows("SELECT state FROM dispatch.firing") == [{"state": state}]

    await eventually(look)


async def outlive_leases(world: World) -> None:
    """Every lease is over now, as if its worker had been silent for so long."""
    await world.admin.execute("UPDATE dispatch.action SET lease_until = clock_timestamp() WHERE state = 'running'")


@pytest.mark.requirement("R4.12", "R4.13", "R5.17")
async def test_the_late_result_of_a_worker_past_its_lease_changes_nothing(world: World) -> None:
    wakes = asyncio.Event()
    world.receiver.script("/", Say(410, until=wakes))
    await world.trigger(world.webhook(timeout="30s"))
    await world.take_in(a_firing(1))
    async with world.dispatcher(ONE) as slow, world.dispatcher(PATIENT) as other:
        await called(world, 1)
        await outlive_leases(world)
        await firing_is(world, "succeeded")
        before = await everything(world)
        wakes.set()

        def refused() -> None:
            rejected = [each.metrics.value(FENCE_REJECTED) for each in (slow, other)]
            assert sorted(rejected) == [0, 1]

        await eventually(refused)
        assert await everything(world) == before
    assert await world.attempts() == [(1, "unknown"), (2, "succeeded")]
    assert len({call.webhook_id for call in world.receiver.calls}) == 1
    assert sum(each.metrics.value(OUTCOMES, status="succeeded") for each in (slow, other)) == 1
    assert sum(each.metrics.value(ATTEMPTS_UNKNOWN, kind="webhook") for each in (slow, other)) == 1
    assert [type(each) for each in await world.told()] == [ActionOutcome, Outcome]


async def everything(world: World) -> list[list[dict[str, object]]]:
    """All rows of the schema."""
    names = ("firing", "action", "attempt", "outbox")
    return [await world.rows(f"SELECT * FROM dispatch.{name} ORDER BY 1, 2") for name in names]  # noqa: S608  # our names


@pytest.mark.requirement("R4.5")
async def test_a_worker_that_always_dies_makes_no_more_attempts_than_allowed(world: World) -> None:
    world.receiver.script("/", *[Say(until=asyncio.Event())] * 3)
    await world.trigger(world.webhook(timeout="30s", retry={"max_attempts": 2}))
    await world.take_in(a_firing(1))
    async with world.dispatcher(PATIENT, drain=0.1):
        for attempt in (1, 2):
            await called(world, attempt)
            await outlive_leases(world)
        await firing_is(world, "dead")
    assert await world.attempts() == [(1, "unknown"), (2, "unknown")]
    outcome = (await world.told())[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.detail == "2 attempts; the last: attempt 2 ended without a result"


async def test_stopping_waits_for_the_call_in_hand(world: World) -> None:
    answered = asyncio.Event()
    world.receiver.script("/", Say(until=answered))
    await world.trigger(world.webhook())
    await world.take_in(a_firing(1), a_firing(2))
    async with world.dispatcher(ONE, drain=10.0) as running:
        await called(world, 1)
        running.stopping.set()
        answered.set()
        await running.task
    assert sorted(await world.states()) == ["due", "succeeded"]
    assert len(world.receiver.calls) == 1


async def test_what_the_drain_leaves_no_time_for_is_handed_back_at_once(world: World) -> None:
    world.receiver.script("/", Say(until=asyncio.Event()))
    await world.trigger(world.webhook(timeout="30s"))
    await world.take_in(a_firing(1))
    async with world.dispatcher(PATIENT, drain=0.1) as first:
        await called(world, 1)
        await first.stop()
    assert (await world.states(), await world.attempts()) == (["due"], [(1, "unknown")])
    async with world.dispatcher(PATIENT):
        await firing_is(world, "succeeded")
    assert await world.attempts() == [(1, "unknown"), (2, "succeeded")]


@pytest.mark.requirement("R4.5")
async def test_the_emitted_event_the_outcome_and_the_finished_action_are_one_commit(world: World) -> None:
    """The outbox refuses the event, as a crash at that moment would: nothing of the finish may be there."""
    await world.trigger({"kind": "emit_event", "type": "scenes.requested"})
    await world.take_in(a_firing(1))
    await world.admin.execute("ALTER TABLE dispatch.outbox ADD CONSTRAINT crash CHECK (topic <> 'ensue.system')")
    async with world.dispatcher() as doomed:
        with pytest.raises(ExceptionGroup) as crash:
            await doomed.task
        assert isinstance(crash.value.exceptions[0], asyncpg.CheckViolationError)
    assert (await world.states(), await world.attempts()) == (["running"], [(1, "started")])
    await world.admin.execute("ALTER TABLE dispatch.outbox DROP CONSTRAINT crash")
    await outlive_leases(world)
    async with world.dispatcher():
        await firing_is(world, "succeeded")
    assert [record.topic for record in await world.records()] == [Topic.SYSTEM, Topic.OUTCOMES, Topic.OUTCOMES]


async def test_an_intake_that_cannot_say_its_outcome_takes_nothing_in(world: World) -> None:
    await world.admin.execute("ALTER TABLE dispatch.outbox ADD CONSTRAINT crash CHECK (false)")
    with pytest.raises(asyncpg.CheckViolationError):
        await world.take_in(a_firing(1))
    assert await world.rows("SELECT * FROM dispatch.firing") == []
    await world.admin.execute("ALTER TABLE dispatch.outbox DROP CONSTRAINT crash")
    await world.take_in(a_firing(1))
    [outcome] = await world.told()
    assert isinstance(outcome, Outcome)
    assert outcome.status is OutcomeStatus.DEAD


async def test_connections_that_break_lose_no_result(world: World) -> None:
    answers = asyncio.Event()
    world.receiver.script("/", *[Say(until=answers)] * 20)
    await world.trigger(world.webhook(timeout="30s"))
    await world.take_in(*(a_firing(number) for number in range(20)))
    async with world.dispatcher(PATIENT) as running:
        await called(world, 20)
        await break_connections(world)
        answers.set()
        await break_connections(world)
        await all_succeeded(world, running, 20)
    assert len(world.receiver.calls) == 20
    assert len([each for each in await world.told() if isinstance(each, Outcome)]) == 20


async def break_connections(world: World) -> None:
    """As a restart of the server would."""
    await world.admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'ensue_dispatcher' AND datname = current_database()"
    )


async def all_succeeded(world: World, running: Running, count: int) -> None:
    """Wait for that many outcomes, while the dispatcher lives."""

    async def look() -> None:
        assert not running.task.done(), running.task
        [row] = await world.rows("SELECT count(*) FROM dispatch.firing WHERE state = 'succeeded'")
        assert row["count"] == count

    await eventually(look)


@pytest.mark.requirement("R4.5")
async def test_several_dispatchers_share_the_work_and_call_once_each(world: World) -> None:
    await world.trigger(world.webhook("/a"), world.webhook("/b"), mode="parallel")
    await world.take_in(*(a_firing(number) for number in range(100)))
    async with world.dispatcher() as one, world.dispatcher() as two, world.dispatcher() as three:

        async def look() -> None:
            [row] = await world.rows("SELECT count(*) FROM dispatch.firing WHERE state = 'succeeded'")
            assert row["count"] == 100

        await eventually(look, within=20)
    ids = [call.webhook_id for call in world.receiver.calls]
    wanted = {action_id(a_firing(number).firing_id, f"actions.{place}") for number in range(100) for place in (0, 1)}
    assert (len(ids), set(ids)) == (200, {str(each) for each in wanted})
    assert sum(each.metrics.value(OUTCOMES, status="succeeded") for each in (one, two, three)) == 100
    assert len([each for each in await world.told() if isinstance(each, Outcome)]) == 100


async def test_a_claim_that_does_not_begin_in_time_is_given_back_and_costs_nothing(world: World) -> None:
    await world.trigger(world.webhook(retry={"max_attempts": 1}))
    await world.take_in(a_firing(1))
    async with world.dispatcher(replace(QUICK, begin_within=timedelta(0))):

        async def look() -> None:
            assert await world.attempts() == [(1, "lost")]

        await eventually(look)
    assert world.receiver.calls == []
    assert (await world.states(), await world.rows("SELECT attempt FROM dispatch.action")) == (
        ["due"],
        [{"attempt": 0}],
    )
    async with world.dispatcher():
        await firing_is(world, "succeeded")
    assert await world.attempts() == [(1, "succeeded")]
