"""Actions run: signed calls, retries, order, emitted events, outcomes, and a slow target that stops only itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from tests.integration.dispatcher.world import QUICK, World, a_firing
from tests.support.eventually import eventually
from tests.support.receiver import SECRET, Say, listening

from ensue.core.ids import action_id, event_uid
from ensue.core.json import JsonObject
from ensue.core.outcome import ActionOutcome, ActionStatus, Outcome, OutcomeStatus, Reason
from ensue.runtime.metrics import ACTIONS_ENDED, ACTIONS_RETRIED, OUTCOMES
from ensue.wire.cloudevents import decode_record
from ensue.wire.topics import Topic

SOON: JsonObject = {"max_attempts": 3, "initial": "0.1s", "multiplier": 3}
ACTION = action_id(a_firing(1).firing_id, "actions.0")


async def ended(world: World, count: int = 1) -> None:
    """Wait until so many firings are over."""

    async def look() -> None:
        [row] = await world.rows("SELECT count(*) FROM dispatch.firing WHERE state <> 'open'")
        assert row["count"] == count, await world.states()

    await eventually(look)


@pytest.mark.requirement("R5.5", "R5.13")
async def test_a_webhook_arrives_signed_with_its_chain(world: World) -> None:
    await world.trigger(
        world.webhook("/approved", body={"id": "{{ event.data.variant_id }}", "by": "{{ trigger.name }}"})
    )
    await world.take_in(a_firing(1, depth=4))
    async with world.dispatcher():
        await ended(world)
    [call] = world.receiver.calls
    call.verify(SECRET)
    assert call.json == {"id": 1, "by": "Generate scenes"}
    assert call.webhook_id == call.headers["ce-causationid"] == str(ACTION)
    assert call.headers["ce-correlationid"] == str(a_firing(1).lineage.correlation_id)
    assert (call.headers["ce-chaindepth"], call.headers["ce-tenant"]) == ("5", "studio")


async def test_a_success_is_told_once_for_the_action_and_once_for_the_firing(world: World) -> None:
    world.receiver.script("/", Say(202, body=b'{"id": "job-7"}'))
    await world.trigger(world.webhook())
    await world.take_in(a_firing(1))
    async with world.dispatcher() as running:
        await ended(world)
    action, outcome = await world.told()
    assert isinstance(action, ActionOutcome)
    assert isinstance(outcome, Outcome)
    assert (action.taken.status, action.taken.reference, action.taken.attempts) == (ActionStatus.SUCCEEDED, "job-7", 1)
    assert (outcome.status, outcome.actions) == (OutcomeStatus.SUCCEEDED, (action.taken,))
    assert running.metrics.value(OUTCOMES, status="succeeded") == 1
    assert running.metrics.value(ACTIONS_ENDED, kind="webhook", status="succeeded") == 1
    assert await world.attempts() == [(1, "succeeded")]


@pytest.mark.requirement("R5.15", "R5.17", "R5.5")
async def test_a_target_that_is_busy_twice_is_tried_three_times_at_growing_distance(world: World) -> None:
    world.receiver.script("/", Say(503), Say(503, {"Retry-After": "0"}))
    await world.trigger(world.webhook(retry=SOON))
    await world.take_in(a_firing(1))
    async with world.dispatcher() as running:
        await ended(world)
    first, second, third = world.receiver.calls
    assert {call.webhook_id for call in world.receiver.calls} == {str(ACTION)}
    assert third.at - second.at > second.at - first.at >= timedelta(seconds=0.1)
    assert {call.body for call in world.receiver.calls} == {first.body}
    for call in world.receiver.calls:
        call.verify(SECRET)
    assert await world.attempts() == [(1, "failed"), (2, "failed"), (3, "succeeded")]
    assert running.metrics.value(ACTIONS_RETRIED, kind="webhook") == 2


async def test_after_the_last_attempt_the_firing_is_dead_and_its_record_is_kept(world: World) -> None:
    world.receiver.script("/", *[Say(500, body=b"no\x00pe")] * 5)
    await world.trigger(world.webhook(retry={"max_attempts": 2, "initial": "0.02s"}))
    await world.take_in(a_firing(1))
    async with world.dispatcher():
        await ended(world)
    action, outcome = await world.told()
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.reason) == (OutcomeStatus.DEAD, Reason.RETRIES_EXHAUSTED)
    assert outcome.detail == "2 attempts; the last: status: answered 500: no\ufffdpe"
    assert len(world.receiver.calls) == 2
    [kept] = await world.rows("SELECT state, event->>'id' AS event FROM dispatch.firing")
    assert kept == {"state": "dead", "event": "e-1"}
    assert isinstance(action, ActionOutcome)
    assert action.taken.attempts == 2


@pytest.mark.requirement("R5.10")
async def test_a_sequence_stops_where_it_fails(world: World) -> None:
    world.receiver.script("/2", Say(410))
    await world.trigger(world.webhook("/1"), world.webhook("/2"), world.webhook("/3"))
    await world.take_in(a_firing(1))
    async with world.dispatcher():
        await ended(world)
    assert [call.path for call in world.receiver.calls] == ["/1", "/2"]
    assert await world.states() == ["succeeded", "dead", "skipped"]


@pytest.mark.requirement("R5.11")
async def test_parallel_actions_overlap_and_fail_apart(world: World) -> None:
    both = asyncio.Event()
    world.receiver.script("/1", Say(400, until=both))
    world.receiver.script("/2", Say(200, until=both))
    await world.trigger(world.webhook("/1"), world.webhook("/2"), mode="parallel")
    await world.take_in(a_firing(1))
    async with world.dispatcher():

        def both_are_there() -> None:
            assert {call.path for call in world.receiver.calls} == {"/1", "/2"}

        await eventually(both_are_there)
        both.set()
        await ended(world)
    assert await world.states() == ["dead", "succeeded"]


@pytest.mark.requirement("R5.6", "R6.3")
async def test_an_emitted_event_leaves_with_the_success_one_deeper(world: World) -> None:
    await world.trigger(
        {"kind": "emit_event", "type": "scenes.requested", "data": {"v": "{{ event.data.variant_id }}"}}
    )
    firing = a_firing(1, depth=2)
    await world.take_in(firing)
    async with world.dispatcher():
        await ended(world)
    [record, *_] = await world.records()
    assert record.topic is Topic.SYSTEM
    headers = dict(record.headers)
    assert headers["ce_id"] == headers["ce_causationid"] == str(ACTION).encode()
    assert headers["ce_correlationid"] == str(firing.lineage.correlation_id).encode()
    assert headers["ce_chaindepth"] == b"3"
    event = decode_record(record.headers, record.value, trusted=True, default_tenant="default")
    assert event.event_uid == event_uid("studio", f"ensue://studio/triggers/{firing.trigger_id}", str(ACTION))
    assert event.data == {"v": 1}
    [action, _] = await world.told()
    assert isinstance(action, ActionOutcome)
    assert action.emitted_event_uid == event.event_uid


async def test_an_event_that_is_too_large_to_publish_is_a_dead_action(world: World) -> None:
    await world.trigger(
        {"kind": "emit_event", "type": "a.b", "data": {"a": "x" * 200_000, "b": "{{ event.data.big }}"}}
    )
    firing = a_firing(1)
    await world.take_in(replace(firing, event=replace(firing.event, data={"big": "y" * 200_000})))
    async with world.dispatcher():
        await ended(world)
    outcome = (await world.told())[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.status is OutcomeStatus.DEAD
    assert [record.topic for record in await world.records()] == [Topic.OUTCOMES] * 2


@pytest.mark.requirement("R5.14")
async def test_a_template_that_names_a_missing_value_fails_before_any_call(world: World) -> None:
    await world.trigger(world.webhook("/{{ event.data.nothing }}"), world.webhook("/second"))
    await world.take_in(a_firing(1))
    async with world.dispatcher():
        await ended(world)
    assert world.receiver.calls == []
    outcome = (await world.told())[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.reason == Reason.TEMPLATE
    assert outcome.detail is not None
    assert "event.data.nothing" in outcome.detail
    assert await world.states() == ["dead", "skipped"]


async def test_an_address_inside_is_refused(world: World) -> None:
    await world.trigger({"kind": "webhook", "url": "http://10.0.0.1/"})
    await world.take_in(a_firing(1))
    async with world.dispatcher():
        await ended(world)
    outcome = (await world.told())[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.reason == Reason.FORBIDDEN_ADDRESS
    assert await world.attempts() == [(1, "refused")]


@pytest.mark.requirement("R5.15")
async def test_a_target_that_hangs_times_out(world: World) -> None:
    world.receiver.script("/", Say(until=asyncio.Event()))
    await world.trigger(world.webhook(timeout="0.2s", retry={"max_attempts": 2, "initial": "0.01s"}))
    await world.take_in(a_firing(1))
    async with world.dispatcher():
        await ended(world)
    assert await world.attempts() == [(1, "failed"), (2, "succeeded")]
    [row] = await world.rows("SELECT detail FROM dispatch.attempt WHERE attempt = 1")
    assert row["detail"].startswith("timeout: ")


@pytest.mark.requirement("R4.7")
async def test_a_target_that_hangs_delays_no_other(world: World) -> None:
    """Twice as many firings hang as there are slots; the other target's are all done while they hang."""
    await world.trigger(world.webhook("/quick"), trigger_id=UUID(int=8))
    async with listening() as hanging:
        hanging.script("/", *[Say(until=asyncio.Event())] * 60)
        await world.trigger({"kind": "webhook", "url": hanging.url + "/"})
        await world.take_in(*(a_firing(number) for number in range(60)))
        async with world.dispatcher(replace(QUICK, slots=30, per_lane=5), drain=0.1):

            def some_hang() -> None:
                assert len(hanging.calls) == 5

            await eventually(some_hang)
            await world.take_in(*(a_firing(number, trigger_id=UUID(int=8)) for number in range(100)))
            await ended(world, 100)
            assert len(hanging.calls) == 5
            assert world.receiver.most_at_once["/quick"] <= 5


async def test_secrets_are_in_no_row_and_no_record(world: World) -> None:
    world.receiver.script("/", Say(500), Say(400))
    await world.trigger(world.webhook(retry=SOON))
    await world.take_in(a_firing(1))
    async with world.dispatcher():
        await ended(world)
    for table in ("firing", "action", "attempt", "outbox"):
        for row in await world.rows(f"SELECT t::text AS row FROM dispatch.{table} t"):  # noqa: S608  # our own names
            assert SECRET.removeprefix("whsec_") not in row["row"]
    assert all(SECRET.removeprefix("whsec_").encode() not in (record.value or b"") for record in await world.records())
