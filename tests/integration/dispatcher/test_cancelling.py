"""`dispatch.cancel_trigger`: what trigger-api asks for, said exactly as the dispatcher itself would say it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest
from tests.integration.dispatcher.world import PATIENT, TRIGGER, World, a_firing
from tests.support.eventually import eventually
from tests.support.receiver import Say

from dispatcher.intake_store import IntakeStore
from dispatcher.outcomes import Facts, told
from dispatcher.plan import Intake
from dispatcher.revisions import Revisions
from dispatcher.states import ActionState, Cancelled
from dispatcher.transitions import step
from ensue.core.firing import Firing
from ensue.core.outcome import Outcome, OutcomeStatus, Reason
from ensue.postgres.database import Database
from ensue.postgres.queries import Queries
from ensue.runtime.clock import SystemClock
from ensue.wire.records import decode_outcome, encode_outcome
from ensue.wire.topics import OutgoingRecord
from ensue_devstack.databases import ScratchDatabase

LOG = {"kind": "log"}
CANCEL = "SELECT dispatch.cancel_trigger($1, $2, $3)"
ODD_DETAIL = 'status: answered 503: "ü" \\ / \t\n\r\b\f\x1f\x7f \u2028 😀'


@pytest.fixture
async def api(database: ScratchDatabase) -> AsyncIterator[Database]:
    """The database as trigger-api sees it."""
    opened = await Database.open(database.url("ensue_trigger_api"), application_name="api test")
    yield opened
    await opened.close()


async def cancel(api: Database, trigger_id: UUID = TRIGGER, *, tenant: str = "studio", inside: str = "studio") -> int:
    async with api.transaction(inside) as conn:
        count: int = await conn.fetchval(CANCEL, tenant, trigger_id, Reason.TRIGGER_DISABLED)
    return count


async def taken_in(world: World, *firings: Firing) -> list[Intake]:
    return await IntakeStore(world.database, Revisions(), SystemClock()).write(firings)


@pytest.mark.requirement("R1.11")
async def test_it_says_byte_for_byte_what_the_codec_would(world: World, api: Database) -> None:
    await world.trigger(LOG, LOG, delay="1h")
    plain, odd = await taken_in(world, a_firing(1), a_firing(2, depth=3))
    odd = await with_a_failed_attempt(world, odd)
    assert await cancel(api) == 4
    said: dict[UUID, list[OutgoingRecord]] = {plain.firing.firing_id: [], odd.firing.firing_id: []}
    for record in await world.records():
        decoded = decode_outcome(record.value)
        assert not hasattr(decoded, "group"), "a receipt"
        said[UUID((record.key or b"").decode().partition("/")[2])].append(record)
    for intake in (plain, odd):
        records = said[intake.firing.firing_id]
        at = decode_outcome(records[0].value).at
        done = step(intake.step.run, Cancelled(Reason.TRIGGER_DISABLED))
        assert records == [encode_outcome(each) for each in told(Facts.of(intake.firing), done, at, {})]


async def with_a_failed_attempt(world: World, intake: Intake) -> Intake:
    """Its first action was tried once, failed in a way that needs every kind of escape, and is due again."""
    run = intake.step.run
    first = replace(run.actions[0], attempt=1, fence=1, reference="job 'ü'", detail=ODD_DETAIL)
    await world.admin.execute(
        "UPDATE dispatch.action SET attempt = 1, fence = 1, reference = $2, detail = $3 WHERE action_id = $1",
        *(first.action_id, first.reference, first.detail),
    )
    return replace(intake, step=replace(intake.step, run=replace(run, actions=(first, *run.actions[1:]))))


@pytest.mark.requirement("R1.11")
async def test_a_delayed_action_of_a_disabled_trigger_never_runs(world: World, api: Database) -> None:
    await world.trigger(world.webhook(), delay="0.2s")
    await world.trigger(world.webhook("/other"), trigger_id=UUID(int=8))
    await world.take_in(a_firing(1), a_firing(1, trigger_id=UUID(int=8)))
    await cancel(api)
    async with world.dispatcher():

        def other_was_called() -> None:
            assert [call.path for call in world.receiver.calls] == ["/other"]

        await eventually(other_was_called)
    rows = await world.rows("SELECT trigger_id, state, reason FROM dispatch.firing WHERE trigger_id = $1", TRIGGER)
    assert rows == [{"trigger_id": TRIGGER, "state": "cancelled", "reason": "trigger_disabled"}]


async def test_a_call_in_hand_ends_and_nothing_follows_it(world: World, api: Database) -> None:
    answers = asyncio.Event()
    world.receiver.script("/", Say(503, until=answers))
    await world.trigger(world.webhook(), LOG)
    await world.take_in(a_firing(1))
    async with world.dispatcher(PATIENT):

        def is_called() -> None:
            assert len(world.receiver.calls) == 1

        await eventually(is_called)
        assert await cancel(api) == 1
        assert await world.states() == ["running", "cancelled"]
        answers.set()

        async def is_over() -> None:
            assert await world.rows("SELECT state FROM dispatch.firing") == [{"state": "cancelled"}]

        await eventually(is_over)
    assert await world.states() == ["cancelled", "cancelled"]
    outcomes = [each for each in await world.told() if isinstance(each, Outcome)]
    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.CANCELLED]
    assert len(world.receiver.calls) == 1


async def test_what_is_over_is_left_alone_and_a_second_call_finds_nothing(world: World, api: Database) -> None:
    await world.trigger(LOG)
    await world.take_in(a_firing(1))
    assert await cancel(api) == 1
    before = await world.records()
    assert await cancel(api) == 0
    assert await cancel(api, UUID(int=99)) == 0
    assert await world.records() == before


async def test_it_waits_for_an_intake_that_has_not_committed(world: World, api: Database) -> None:
    """Between them nothing slips through: the intake did not see the cancellation, so the cancellation sees it."""
    await world.trigger(LOG)
    async with world.database.transaction() as intake:
        await intake.execute(Queries.load("dispatcher")["hold_triggers"], [TRIGGER])
        cancelling = asyncio.create_task(cancel(api))

        async def waits() -> None:
            rows = await world.rows("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            assert len(rows) == 1

        await eventually(waits)
        assert not cancelling.done()
    assert await cancelling == 0


async def test_each_tenant_cancels_its_own_only(world: World, api: Database) -> None:
    await world.trigger(LOG, tenant="other")
    await world.take_in(a_firing(1, tenant="other"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await cancel(api, tenant="other", inside="studio")
    assert await cancel(api, tenant="studio", inside="studio") == 0
    assert await world.states() == [ActionState.DUE]
    assert await cancel(api, tenant="other", inside="other") == 1


async def test_a_reason_that_is_none_is_refused(api: Database) -> None:
    with pytest.raises(asyncpg.InvalidParameterValueError):
        async with api.transaction("studio") as conn:
            await conn.execute(CANCEL, "studio", TRIGGER, "because")


async def test_a_rolled_back_change_cancels_nothing(world: World, api: Database) -> None:
    await world.trigger(LOG)
    await world.take_in(a_firing(1))
    with contextlib.suppress(ZeroDivisionError):
        async with api.transaction("studio") as conn:
            assert await conn.fetchval(CANCEL, "studio", TRIGGER, Reason.TRIGGER_DELETED) == 1
            raise ZeroDivisionError
    assert (await world.states(), await world.records()) == (["due"], [])
