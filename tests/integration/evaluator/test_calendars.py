"""Calendars on real topics: who saves one and then publishes is never too early; where they come from at a start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import asyncpg
from tests.integration.evaluator.world import EvaluatorWorld, now_saved
from tests.support.eventually import eventually
from tests.support.service_process import service_process
from tests.unit.evaluator.studio import FREEZE, NOTIFY, SCENES, STUDIO, UNLESS_FROZEN, approved, frozen, of, saved

from ensue.core.calendars import CalendarRemoval
from ensue.core.json import Json
from ensue.kafka.tail import TopicTail
from ensue.runtime.clock import SystemClock
from ensue.wire import strict_json
from ensue.wire.calendars import CalendarRecord, encode_calendar, encode_calendar_tombstone
from ensue.wire.records import decode_firing
from ensue.wire.topics import Topic

SAVES = 20
INSERT = """
INSERT INTO triggers.calendar (tenant, name, revision, dates, created_by, deleted_at)
VALUES ($1, $2, $3, $4, 'test', $5)
ON CONFLICT (tenant, name) DO UPDATE
SET revision = excluded.revision, dates = excluded.dates, deleted_at = excluded.deleted_at
"""


def around_now() -> list[Json]:
    """The days of which one is today when the broker appends what is published now."""
    today = SystemClock().now().date()
    return [(today + timedelta(days=number)).isoformat() for number in (-1, 0, 1)]


ASKING = now_saved(saved(SCENES, where=UNLESS_FROZEN))
ALWAYS = now_saved(saved(NOTIFY))


async def into_database(world: EvaluatorWorld, calendar: CalendarRecord, *, deleted: bool = False) -> None:
    """Let the database have this revision, and tell no topic."""
    connection = await asyncpg.connect(world.database.admin_url)
    days, gone = strict_json.encode(list(calendar.dates)).decode(), SystemClock().now() if deleted else None
    try:
        await connection.execute(INSERT, *calendar.calendar_id, calendar.revision, days, gone)
    finally:
        await connection.close()


async def test_an_event_published_right_after_a_calendar_is_saved_is_decided_by_it_each_of_20_times(
    world: EvaluatorWorld,
) -> None:
    await world.publish(encode_calendar(frozen(1)))
    await world.save(ASKING, ALWAYS)
    async with world.evaluating(), world.watching(Topic.FIRINGS) as firings:
        for revision in range(2, SAVES + 2):
            days = around_now() if revision % 2 else []
            await world.publish(encode_calendar(frozen(revision, *days)))
            await world.publish(of(approved(revision)))
            await eventually(lambda: _decided(firings))
    even = [f"v-{number}" for number in range(2, SAVES + 2) if number % 2 == 0]
    assert await _fired(world, SCENES.int) == sorted(even)
    assert len(await _fired(world, NOTIFY.int)) == SAVES
    assert len({receipt.ruleset for receipt in await world.receipts()}) > SAVES / 2, "receipts name the calendar too"


async def test_a_calendar_that_only_the_database_has_is_in_force_from_the_start(world: EvaluatorWorld) -> None:
    await into_database(world, frozen(4, *around_now()))
    await world.publish(encode_calendar(frozen(3)))
    await world.save(ASKING, ALWAYS)
    await world.publish(of(approved(1)))
    async with world.evaluating() as running:
        await eventually(lambda: _fires(world, {NOTIFY.int: ["v-1"]}))
        await into_database(world, frozen(5))
        await running.rules.reconcile()
        await world.publish(of(approved(2)))
        await eventually(lambda: _fires(world, {NOTIFY.int: ["v-1", "v-2"], SCENES.int: ["v-2"]}))
        await into_database(world, frozen(6), deleted=True)
        await running.rules.reconcile()
        assert running.rules.ruleset.revision_of(FREEZE) == 6


async def test_a_deleted_calendar_is_not_taken_for_an_empty_one(world: EvaluatorWorld) -> None:
    await world.publish(encode_calendar(frozen(1)), encode_calendar_tombstone(CalendarRemoval(FREEZE, 2)))
    await world.save(ASKING, ALWAYS)
    await world.publish(of(approved(1)))
    async with world.evaluating():
        await eventually(lambda: _fires(world, {NOTIFY.int: ["v-1"]}))
        [error] = await world.outcomes()
    assert (error.trigger_id, error.detail) == (SCENES, "InvalidValue: there is no calendar studio-freeze")  # type: ignore[union-attr]  # an error of a condition


async def test_killed_and_started_again_it_knows_the_calendars_from_the_topic_alone(world: EvaluatorWorld) -> None:
    environment = {
        "ENSUE_KAFKA_BOOTSTRAP": world.servers.kafka_bootstrap,
        "ENSUE_TOPIC_PREFIX": world.prefix,
        "ENSUE_DATABASE_URL": "postgres://ensue_evaluator@127.0.0.1:1/ensue",
        "ENSUE_DEFAULT_TENANT": STUDIO,
    }
    await world.publish(encode_calendar(frozen(1)))
    await world.save(ASKING, ALWAYS)
    async with service_process("evaluator", environment) as first:
        await first.ready()
        await world.publish(of(approved(1)))
        await eventually(lambda: _fires(world, {NOTIFY.int: ["v-1"], SCENES.int: ["v-1"]}))
        await world.publish(encode_calendar(frozen(2, *around_now())))
        await first.kill()
    await world.publish(of(approved(2)))
    async with service_process("evaluator", environment):
        await eventually(lambda: _fires(world, {NOTIFY.int: ["v-1", "v-2"], SCENES.int: ["v-1"]}), within=30)


async def _decided(firings: TopicTail) -> None:
    """The trigger that always fires has fired; the one that asks came before it, in the order of their ids."""
    assert NOTIFY.int in [decode_firing(record.value).trigger_id.int for record in await firings.catch_up()]


async def _fired(world: EvaluatorWorld, trigger: int) -> Sequence[str]:
    """The events for which a trigger fired, each once."""
    return sorted({firing.event.id for firing in await world.firings() if firing.trigger_id.int == trigger})


async def _fires(world: EvaluatorWorld, expected: dict[int, list[str]]) -> None:
    assert {number: await _fired(world, number) for number in (SCENES.int, NOTIFY.int)} == {SCENES.int: []} | expected
