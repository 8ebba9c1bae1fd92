"""Calendars are in force with the triggers that ask them, whichever comes first; a missing one makes these err."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from tests.unit.evaluator.doubles import Table, Topics, identity_of, rules_of
from tests.unit.evaluator.studio import (
    AT,
    EVALUATOR,
    FREEZE,
    NOTIFY,
    SCENES,
    UNLESS_FROZEN,
    approved,
    batch,
    calendar_record,
    firings,
    frozen,
    incoming,
    of,
    outcomes,
    saved,
    trigger_record,
)

from ensue.core.calendars import CalendarRemoval
from ensue.core.outcome import ConditionErred
from ensue.kafka.records import IncomingRecord
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import (
    RULESET_REPAIRS,
    RULESET_UNUSABLE,
    Metrics,
)
from ensue.wire.calendars import encode_calendar_tombstone
from evaluator.handler import EvaluatorHandler
from evaluator.rules import PARSED_AT_ONCE, Rules, Said

TODAY = AT.date().isoformat()


async def fired(rules: Rules, metrics: Metrics, number: int = 1) -> list[int]:
    """The numbers of the triggers that fire for one event, arrived now."""
    handler = EvaluatorHandler(rules, EVALUATOR, metrics, SystemClock())
    handled = await handler.handle([batch(of(approved(number)))])
    return [firing.trigger_id.int for firing in firings(handled.records)]


async def test_a_calendar_saved_before_the_batch_is_handled_decides_it_with_no_restart() -> None:
    topic = Topics(calendar_record(frozen(1)), trigger_record(saved(SCENES, where=UNLESS_FROZEN), 1))
    rules, metrics = rules_of(topic, Table())
    await rules.load()
    before = rules.ruleset
    assert await fired(rules, metrics) == [SCENES.int]
    topic.records.append(calendar_record(frozen(2, TODAY), 2))
    assert await fired(rules, metrics) == []
    assert rules.ruleset.fingerprint != before.fingerprint
    topic.records.append(calendar_record(frozen(3, "--02-29"), 3))
    assert await fired(rules, metrics) == [SCENES.int]


async def test_a_calendar_comes_from_the_database_and_the_topic_only_adds_what_is_newer() -> None:
    topic = Topics(calendar_record(frozen(1)), trigger_record(saved(SCENES, where=UNLESS_FROZEN), 1))
    rules, metrics = rules_of(topic, Table(saved(SCENES, where=UNLESS_FROZEN), frozen(2, TODAY)))
    await rules.load()
    assert rules.ruleset.revision_of(FREEZE) == 2
    assert await fired(rules, metrics) == []


async def test_reconciling_mends_a_calendar_and_its_deletion() -> None:
    table = Table(saved(SCENES, where=UNLESS_FROZEN), frozen(1, TODAY))
    rules, metrics = rules_of(Topics(), table)
    await rules.load()
    table.put(frozen(2))
    await rules.reconcile()
    assert await fired(rules, metrics) == [SCENES.int]
    table.put(CalendarRemoval(FREEZE, 3))
    await rules.reconcile()
    assert (rules.ruleset.revision_of(FREEZE), metrics.value(RULESET_REPAIRS)) == (3, 2)


async def test_a_late_write_of_an_older_calendar_revives_nothing() -> None:
    tombstone = incoming(encode_calendar_tombstone(CalendarRemoval(FREEZE, 8)), 1)
    rules, _ = rules_of(Topics(tombstone, calendar_record(frozen(7, TODAY), 2)), Table())
    await rules.load()
    assert rules.ruleset.revision_of(FREEZE) == 8


async def test_a_trigger_that_is_read_before_its_calendar_looks_for_it_once_more() -> None:
    """The ends of two partitions are not asked at the same instant: the second look finds what came between."""
    topic = Topics()
    rules, metrics = rules_of(topic, Table())
    await rules.load()
    topic.records.append(trigger_record(saved(SCENES, where=UNLESS_FROZEN)))
    topic.comes_later.append(calendar_record(frozen(1)))
    assert await fired(rules, metrics) == [SCENES.int]


@pytest.mark.parametrize("wrong", [[], [calendar_record(frozen(2, "the day after tomorrow"), 1)]], ids=["none", "bad"])
async def test_a_trigger_whose_calendar_is_missing_errs_alone_and_says_which(wrong: list[IncomingRecord]) -> None:
    topic = Topics(trigger_record(saved(SCENES, where=UNLESS_FROZEN)), trigger_record(saved(NOTIFY)), *wrong)
    rules, metrics = rules_of(topic, Table())
    await rules.load()
    handled = await EvaluatorHandler(rules, EVALUATOR, metrics, SystemClock()).handle([batch(of(approved()))])
    assert [firing.trigger_id for firing in firings(handled.records)] == [NOTIFY]
    [error] = outcomes(handled.records)
    assert isinstance(error, ConditionErred)
    assert (error.trigger_id, error.detail) == (SCENES, "InvalidValue: there is no calendar studio-freeze")
    assert metrics.value(RULESET_UNUSABLE) == len(wrong)


async def test_between_two_portions_no_trigger_is_without_its_calendar() -> None:
    """Who looks while much is reconciled sees calendars come before the triggers that ask them, and go after them."""
    fillers = [saved(UUID(int=number)) for number in range(100, 100 + 2 * PARSED_AT_ONCE)]
    table = Table(saved(SCENES, where=UNLESS_FROZEN), *fillers, frozen(1))
    rules, _ = rules_of(Topics(), table)
    lacking: set[int] = set()

    async def reconciled() -> None:
        working = asyncio.create_task(rules.reconcile())
        while not working.done():
            lacking.update(rules.ruleset.plain.lacking)
            await asyncio.sleep(0)
        await working

    table.away = True
    await rules.load()
    table.away = False
    await reconciled()
    assert rules.ruleset.revision_of(SCENES) == 1
    later: list[Said] = [saved(filler.trigger_id, 2) for filler in fillers]
    table.rows_by_id = {identity_of(row): row for row in [CalendarRemoval(FREEZE, 2), *later, saved(SCENES, 2)]}
    await reconciled()
    assert (rules.ruleset.revision_of(SCENES), rules.ruleset.revision_of(FREEZE), lacking) == (2, 2, set())
