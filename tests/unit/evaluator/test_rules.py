"""The ruleset in force: from the database, from the topic, and what happens when either is away or wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from tests.unit.evaluator.studio import (
    AT,
    BROKEN,
    EVALUATOR,
    FREEZE,
    NOTIFY,
    SCENES,
    STUDIO,
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
from ensue.core.errors import Unavailable
from ensue.core.json import Json
from ensue.core.outcome import ConditionErred
from ensue.core.ruleset import Identity, Removal
from ensue.kafka.records import IncomingRecord
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import (
    RULESET_DATABASE_FAILURES,
    RULESET_REPAIRS,
    RULESET_TRIGGERS,
    RULESET_UNUSABLE,
    Metrics,
)
from ensue.wire.calendars import CalendarRecord, encode_calendar_tombstone
from ensue.wire.topics import OutgoingRecord, Topic
from ensue.wire.triggers import encode_tombstone
from evaluator.handler import EvaluatorHandler
from evaluator.rules import PARSED_AT_ONCE, Rules, Said

NEWER_KIND: Mapping[str, Json] = {"field": "data.mood", "op": "feels_like", "value": "spring"}


class Topics:
    """A trigger topic kept in memory."""

    def __init__(self, *records: IncomingRecord) -> None:
        self.records = list(records)
        self.away = False
        self._given = 0
        self.comes_later: list[IncomingRecord] = []  # while it is read the next time

    async def start(self) -> None:
        if self.away:
            raise Unavailable("no broker")

    async def catch_up(self) -> Sequence[IncomingRecord]:
        if self.away:
            raise Unavailable("no broker")
        fresh, self._given = self.records[self._given :], len(self.records)
        self.records += self.comes_later
        self.comes_later = []
        return fresh


class Table:
    """The triggers and calendars of the database, kept in memory."""

    def __init__(self, *rows: Said) -> None:
        self.rows_by_id = {_identity(row): row for row in rows}
        self.away = False

    def put(self, row: Said) -> None:
        self.rows_by_id[_identity(row)] = row

    async def pages(self) -> AsyncIterator[list[Said]]:
        self._answer()
        for row in self.rows_by_id.values():
            yield [row]

    async def revisions(self) -> Mapping[Identity, int]:
        self._answer()
        return {identity: row.revision for identity, row in self.rows_by_id.items()}

    async def rules(self, identities: Collection[Identity]) -> list[Said]:
        self._answer()
        return [self.rows_by_id[identity] for identity in identities]

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("no database")


def _identity(row: Said) -> Identity:
    return row.calendar_id if isinstance(row, (CalendarRecord, CalendarRemoval)) else row.trigger_id


def rules_of(topic: Topics, table: Table) -> tuple[Rules, Metrics]:
    """Rules over the two, not loaded yet."""
    metrics = Metrics()
    return Rules(topic, table, metrics, SystemClock()), metrics


async def test_the_database_comes_first_and_the_topic_only_adds_what_is_newer() -> None:
    topic = Topics(trigger_record(saved(SCENES, 1)), trigger_record(saved(SCENES, 3)), trigger_record(saved(NOTIFY, 1)))
    rules, metrics = rules_of(topic, Table(saved(SCENES, 2), saved(NOTIFY, 4)))
    await rules.load()
    assert (rules.ruleset.revision_of(SCENES), rules.ruleset.revision_of(NOTIFY)) == (3, 4)
    assert metrics.value(RULESET_TRIGGERS) == 2


async def test_a_late_write_of_an_older_revision_revives_nothing() -> None:
    """Compaction keeps the last offset of a key, which need not be the newest revision."""
    tombstone = incoming(encode_tombstone(STUDIO, SCENES, 8), 1)
    topic = Topics(tombstone, trigger_record(saved(SCENES, 7), 2))
    rules, _ = rules_of(topic, Table())
    await rules.load()
    assert (len(rules.ruleset), rules.ruleset.revision_of(SCENES)) == (0, 8)


async def test_a_deleted_trigger_of_the_database_is_not_revived_by_the_topic() -> None:
    rules, _ = rules_of(Topics(trigger_record(saved(SCENES, 1))), Table(Removal(SCENES, STUDIO, 2)))
    await rules.load()
    assert len(rules.ruleset) == 0


async def test_without_the_database_the_topic_alone_serves() -> None:
    table = Table(saved(SCENES, 1))
    table.away = True
    rules, metrics = rules_of(Topics(trigger_record(saved(SCENES, 1))), table)
    await rules.load()
    await rules.check()
    assert len(rules.ruleset) == 1
    assert metrics.value(RULESET_DATABASE_FAILURES) == 1


async def test_without_kafka_nothing_is_loaded_and_nothing_decided() -> None:
    topic = Topics(trigger_record(saved(SCENES, 1)))
    topic.away = True
    rules, metrics = rules_of(topic, Table(saved(SCENES, 1)))
    with pytest.raises(Unavailable):
        await rules.load()
    with pytest.raises(Unavailable):
        await rules.check()
    handler = EvaluatorHandler(rules, EVALUATOR, metrics, SystemClock())
    with pytest.raises(Unavailable):
        await handler.handle([batch(of(approved()))])


async def test_what_was_saved_before_the_batch_is_handled_decides_it() -> None:
    """The barrier: without catching up after the fetch this batch would be decided by revision 1."""
    topic = Topics(trigger_record(saved(SCENES, 1)))
    rules, metrics = rules_of(topic, Table())
    await rules.load()
    fetched = batch(of(approved()))
    topic.records.append(trigger_record(saved(SCENES, 2), 1))
    handled = await EvaluatorHandler(rules, EVALUATOR, metrics, SystemClock()).handle([fetched])
    assert [firing.revision for firing in firings(handled.records)] == [2]


async def test_a_document_that_this_evaluator_cannot_read_is_not_loaded_and_the_others_are() -> None:
    broken = trigger_record(saved(BROKEN, 2, where=NEWER_KIND), 1)
    topic = Topics(trigger_record(saved(BROKEN, 1)), broken, trigger_record(saved(SCENES, 1), 2))
    rules, metrics = rules_of(topic, Table())
    await rules.load()
    assert [rule.trigger_id for rule in rules.ruleset.candidates(approved())] == [SCENES]
    assert metrics.value(RULESET_UNUSABLE) == 1


async def test_an_unreadable_revision_puts_the_older_one_out_of_force_until_a_readable_one_comes() -> None:
    topic = Topics(trigger_record(saved(SCENES, 1)))
    rules, metrics = rules_of(topic, Table())
    await rules.load()
    topic.records.append(trigger_record(saved(SCENES, 2, where=NEWER_KIND), 1))
    await rules.catch_up()
    assert rules.ruleset.candidates(approved()) == []
    topic.records.append(trigger_record(saved(SCENES, 3), 2))
    await rules.catch_up()
    assert len(rules.ruleset.candidates(approved())) == 1
    assert metrics.value(RULESET_UNUSABLE) == 0


async def test_a_record_that_is_no_trigger_is_counted_until_its_key_has_a_good_one() -> None:
    key = f"{STUDIO}/{SCENES}".encode()
    topic = Topics(incoming(OutgoingRecord(Topic.TRIGGERS, key, b"{", (("revision", b"1"),))))
    topic.records.append(incoming(OutgoingRecord(Topic.TRIGGERS, None, b"?"), 1))
    rules, metrics = rules_of(topic, Table())
    await rules.load()
    assert metrics.value(RULESET_UNUSABLE) == 2
    topic.records.append(trigger_record(saved(SCENES, 2), 2))
    await rules.catch_up()
    assert metrics.value(RULESET_UNUSABLE) == 1


async def test_reconciling_mends_what_the_topic_has_not_brought() -> None:
    table = Table(saved(SCENES, 1), saved(NOTIFY, 1))
    rules, metrics = rules_of(Topics(), table)
    await rules.load()
    table.put(saved(SCENES, 2))
    table.put(Removal(NOTIFY, STUDIO, 2))
    await rules.reconcile()
    assert [rule.revision for rule in rules.ruleset.candidates(approved())] == [2]
    assert metrics.value(RULESET_REPAIRS) == 2
    await rules.reconcile()
    assert metrics.value(RULESET_REPAIRS) == 2


async def test_what_the_topic_has_brought_meanwhile_is_no_repair() -> None:
    table, topic = Table(saved(SCENES, 1)), Topics()
    rules, metrics = rules_of(topic, table)
    await rules.load()
    table.put(saved(SCENES, 2))
    topic.records.append(trigger_record(saved(SCENES, 2)))
    await rules.reconcile()
    assert metrics.value(RULESET_REPAIRS) == 0


async def test_whoever_took_a_ruleset_keeps_it() -> None:
    topic = Topics(trigger_record(saved(SCENES, 1)))
    rules, _ = rules_of(topic, Table())
    await rules.load()
    taken = rules.ruleset
    topic.records.append(trigger_record(saved(SCENES, 2), 1))
    await rules.catch_up()
    assert (taken.revision_of(SCENES), rules.ruleset.revision_of(SCENES)) == (1, 2)


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
    lacking: set[UUID] = set()

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
    table.rows_by_id = {_identity(row): row for row in [CalendarRemoval(FREEZE, 2), *later, saved(SCENES, 2)]}
    await reconciled()
    assert (rules.ruleset.revision_of(SCENES), rules.ruleset.revision_of(FREEZE), lacking) == (2, 2, set())


async def test_thousands_of_changes_are_in_force_together_and_leave_the_index_in_order() -> None:
    topic = Topics(*(trigger_record(saved(UUID(int=n), 1), n) for n in range(1, 3001)))
    rules, metrics = rules_of(topic, Table(*(saved(UUID(int=n), 2) for n in range(2000, 4001))))
    await rules.load()
    assert len(rules.ruleset) == metrics.value(RULESET_TRIGGERS) == 4000
    assert rules.ruleset.revision_of(UUID(int=2500)) == 2
    await rules.tidy()
    assert not rules.ruleset.is_scattered


async def test_what_comes_while_the_index_is_brought_in_order_is_in_force_at_once_and_stays() -> None:
    topic = Topics()
    rules, _ = rules_of(topic, Table())
    await rules.load()
    for number in range(1, 901, 150):
        topic.records += [trigger_record(saved(UUID(int=n), 1), n) for n in range(number, number + 150)]
        await rules.catch_up()
    assert rules.ruleset.is_scattered
    go_on = threading.Event()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    before = asyncio.get_running_loop().run_in_executor(None, go_on.wait)
    tidying = asyncio.create_task(rules.tidy())
    await asyncio.sleep(0)
    topic.records.append(trigger_record(saved(SCENES, 7), 901))
    await rules.catch_up()
    assert rules.ruleset.revision_of(SCENES) == 7
    go_on.set()
    await asyncio.gather(before, tidying)
    assert not rules.ruleset.is_scattered
    assert rules.ruleset.revision_of(SCENES) == 7
    assert SCENES in {rule.trigger_id for rule in rules.ruleset.candidates(approved())}
