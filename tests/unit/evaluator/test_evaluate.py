"""What follows from a batch of records: a pure function, told case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from tests.unit.evaluator.studio import (
    AT,
    BROKEN,
    EVALUATOR,
    NOTIFY,
    SCENES,
    STUDIO,
    UNREADABLE,
    approved,
    batch,
    evaluate,
    firings,
    garbage,
    of,
    outcomes,
    receipts,
    trigger,
)

from ensue.core.conditions.tree import Test
from ensue.core.event import Event
from ensue.core.firing import Firing
from ensue.core.ids import action_id, event_uid, firing_id, outcome_record_id
from ensue.core.json import Json
from ensue.core.outcome import ConditionErred, Outcome, OutcomeStatus
from ensue.core.ruleset import Ruleset
from ensue.kafka.records import Batch
from ensue.wire.topics import Topic
from evaluator.evaluate import ASKED, LARGE_BYTES, STEP, Evaluated
from evaluator.evaluate import evaluate as evaluate_in_steps

RULES = Ruleset.empty().apply([trigger()])


def test_a_match_becomes_a_firing_at_the_records_append_time() -> None:
    [firing] = firings(evaluate(RULES, batch(of(approved()), first=7), EVALUATOR).records)
    assert firing.firing_id == firing_id(STUDIO, SCENES, approved().event_uid, 0)
    assert firing.observed_at == AT + timedelta(milliseconds=7)
    assert (firing.revision, firing.event) == (1, approved())


def test_the_same_records_give_the_same_bytes_however_often() -> None:
    some = batch(of(approved(1)), garbage(), of(approved(2, depth=10)), of(approved(3)), first=40)
    rules = Ruleset.empty().apply([trigger(), trigger(NOTIFY), trigger(BROKEN, where=UNREADABLE)])
    assert evaluate(rules, some, EVALUATOR).records == evaluate(rules, some, EVALUATOR).records


def test_an_edit_between_two_readings_changes_no_identity() -> None:
    some = batch(of(approved()))
    [before] = firings(evaluate(RULES, some, EVALUATOR).records)
    [after] = firings(evaluate(RULES.apply([trigger(revision=2)]), some, EVALUATOR).records)
    assert (before.revision, after.revision) == (1, 2)
    assert before.firing_id == after.firing_id


def test_bytes_that_are_no_event_die_and_the_next_record_is_decided() -> None:
    evaluated = evaluate(RULES, batch(garbage(), of(approved())), EVALUATOR)
    [letter] = evaluated.dead
    assert (letter.record.value, letter.record.offset, letter.reason) == (b"\xff\x00", 0, "invalid_encoding")
    assert len(firings(evaluated.records)) == 1


def test_a_condition_that_errs_harms_its_own_trigger_only() -> None:
    rules = Ruleset.empty().apply([trigger(BROKEN, where=UNREADABLE), trigger()])
    evaluated = evaluate(rules, batch(of(approved())), EVALUATOR)
    assert [firing.trigger_id for firing in firings(evaluated.records)] == [SCENES]
    [error] = outcomes(evaluated.records)
    assert isinstance(error, ConditionErred)
    assert error.trigger_id == BROKEN
    assert "no_such_operator" in error.detail


def test_a_chain_that_feeds_itself_fires_ten_times_and_is_blocked_once() -> None:
    event, fired, blocked = approved(), [], []
    for round_ in range(20):
        evaluated = evaluate(RULES, batch(of(event, Topic.SYSTEM), topic=Topic.SYSTEM, first=round_), EVALUATOR)
        blocked += outcomes(evaluated.records)
        emitted = firings(evaluated.records)
        if not emitted:
            break
        fired += emitted
        event = emitted_by(emitted[0])
    assert [firing.lineage.depth for firing in fired] == list(range(10))
    assert {firing.lineage.correlation_id for firing in fired} == {approved().event_uid}
    [outcome] = blocked
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.reason, outcome.depth) == (OutcomeStatus.BLOCKED, "chain_depth", 10)
    assert outcome.record_id == outcome_record_id(outcome.firing_id)


def test_a_trigger_does_not_match_what_was_appended_before_it_was_active() -> None:
    rules = Ruleset.empty().apply([trigger(active_since=AT + timedelta(milliseconds=2))])
    decided = firings(evaluate(rules, batch(*(of(approved(n)) for n in range(5))), EVALUATOR).records)
    assert [firing.event.id for firing in decided] == ["v-2", "v-3", "v-4"]


def test_outsiders_cannot_speak_as_ourselves() -> None:
    forged = approved()
    forged = Event(forged.event_uid, STUDIO, "1", "ensue://scheduler", forged.type, forged.lineage)
    assert evaluate(RULES, batch(of(forged)), EVALUATOR).dead[0].reason == "forbidden_attribute"
    assert not evaluate(RULES, batch(of(forged, Topic.SYSTEM), topic=Topic.SYSTEM), EVALUATOR).dead


def test_a_receipt_says_what_was_decided_and_comes_last() -> None:
    rules = Ruleset.empty().apply([trigger(), trigger(BROKEN, where=UNREADABLE)])
    some = batch(of(approved(1)), garbage(), of(approved(2, depth=10)), first=100, missing=5)
    evaluated = evaluate(rules, some, EVALUATOR)
    [receipt] = receipts(evaluated.records[-1:])
    assert receipts(evaluated.records) == [receipt]
    assert (receipt.topic, receipt.partition, receipt.first_offset, receipt.next_offset) == (
        "ensue.events",
        0,
        100,
        108,
    )
    assert (receipt.events, receipt.firings, receipt.blocked, receipt.errors, receipt.dead) == (2, 1, 1, 2, 1)
    assert (receipt.missing, receipt.ruleset) == (5, rules.fingerprint)
    assert receipt.at == some.records[-1].appended_at
    assert (receipt.group, receipt.instance) == ("ensue.evaluator", "e-1")


def test_an_event_that_names_no_tenant_belongs_to_the_default_one() -> None:
    record = of(approved())
    anonymous = type(record)(
        record.topic, record.key, record.value, tuple(h for h in record.headers if h[0] != "ce_tenant")
    )
    assert len(firings(evaluate(RULES, batch(anonymous), EVALUATOR).records)) == 1


def test_conditions_see_the_data() -> None:
    rules = Ruleset.empty().apply([trigger(where=Test(("data", "score"), "gte", 0.8))])
    scores: tuple[Json, ...] = (0.9, 0.1, 0.8, "0.9")
    some = batch(*(of(approved(n, data={"score": score})) for n, score in enumerate(scores)))
    assert [firing.event.id for firing in firings(evaluate(rules, some, EVALUATOR).records)] == ["v-0", "v-2"]


def test_a_step_ends_with_what_something_follows_from_or_what_is_large_and_after_a_number_of_others() -> None:
    elsewhere = replace(approved(), type="variant.seen")
    easy, large = of(elsewhere), of(replace(elsewhere, data="x" * LARGE_BYTES))
    fired = [of(approved(1, data={"score": 1})), of(approved(2, data={"score": 1}, depth=10))]
    some = batch(*[easy] * (2 * STEP + 1), fired[0], large, garbage(), easy, fired[1], easy)
    rules = Ruleset.empty().apply([trigger(where=Test(("data", "score"), "gte", 0.8))])
    assert ends_of_steps(rules, some) == [STEP, 2 * STEP, *(2 * STEP + more for more in (2, 3, 4, 6))]


def test_records_that_are_asked_about_make_shorter_steps() -> None:
    rules = Ruleset.empty().apply([trigger(where=Test(("data", "score"), "gte", 0.8))])
    some = batch(*(of(approved(number, data={"score": 0.1})) for number in range(STEP)))
    assert ends_of_steps(rules, some) == list(range(STEP // ASKED, STEP + 1, STEP // ASKED))


def ends_of_steps(rules: Ruleset, some: Batch) -> list[int]:
    """How many records are decided after each step; all of them in the end."""
    evaluated, ends = Evaluated(), list[int]()
    for _ in evaluate_in_steps(rules, some, EVALUATOR, evaluated):
        ends.append(evaluated.decided)
    assert evaluated.decided == len(some.records)
    return ends


def emitted_by(firing: Firing) -> Event:
    """The event that the firing's action emits: the same type again, one deeper."""
    action: UUID = action_id(firing.firing_id, "actions.0")
    uid = event_uid(STUDIO, "ensue://action", str(action))
    lineage = firing.lineage.after(action)
    return Event(uid, STUDIO, str(action), "ensue://action", "variant.approved", lineage)
