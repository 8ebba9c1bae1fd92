"""The ruleset in force: from the database, from the topic, and what happens when either is away or wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from tests.unit.evaluator.doubles import Table, Topics, rules_of
from tests.unit.evaluator.studio import (
    BROKEN,
    EVALUATOR,
    NOTIFY,
    SCENES,
    STUDIO,
    approved,
    batch,
    firings,
    incoming,
    of,
    saved,
    trigger_record,
)

from ensue.core.errors import Unavailable
from ensue.core.json import Json
from ensue.core.ruleset import Removal
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import (
    RULESET_DATABASE_FAILURES,
    RULESET_REPAIRS,
    RULESET_TRIGGERS,
    RULESET_UNUSABLE,
)
from ensue.wire.topics import OutgoingRecord, Topic
from ensue.wire.triggers import encode_tombstone
from evaluator.handler import EvaluatorHandler

NEWER_KIND: Mapping[str, Json] = {"field": "data.mood", "op": "feels_like", "value": "spring"}


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
