"""What becomes of a firing when it is taken in: pure decisions, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.dispatcher.builders import NOW, a_firing, a_trigger, an_action

from dispatcher.outcomes import Facts, told
from dispatcher.plan import Standing, Unreadable, plan, retry_as_json, take_in
from dispatcher.states import ActionState, FiringState
from ensue.core.event import FiringMode
from ensue.core.ids import action_id, action_outcome_record_id, outcome_record_id
from ensue.core.outcome import ActionOutcome, Outcome, Reason
from ensue.core.retry import RetryPolicy
from ensue.core.trigger import ActionSpec, Mode


def test_the_same_firing_is_planned_the_same_again() -> None:
    trigger = a_trigger(an_action(0, message="variant {{ event.data.n }}"), an_action(1))
    assert take_in(a_firing(), trigger, None) == take_in(a_firing(), trigger, None)


def test_actions_have_ids_of_their_place_and_lanes_of_their_target() -> None:
    webhook = an_action(1, "webhook", url="https://Hooks.example.com/{{ event.data.n }}")
    intake = take_in(a_firing(), a_trigger(an_action(0), webhook), None)
    firing = intake.firing.firing_id
    assert [each.action_id for each in intake.step.run.actions] == [
        action_id(firing, "actions.0"),
        action_id(firing, "actions.1"),
    ]
    assert [each.lane for each in intake.planned] == ["studio/", "studio/hooks.example.com"]


@pytest.mark.parametrize(("mode", "due"), [(Mode.SEQUENTIAL, [True, False]), (Mode.PARALLEL, [True, True])])
def test_a_delay_counts_from_the_observation(mode: Mode, due: list[bool]) -> None:
    trigger = replace(a_trigger(an_action(0), an_action(1), mode=mode), delay=timedelta(minutes=5))
    planned = plan(trigger, a_firing())
    assert [each.due_at == NOW + timedelta(minutes=5) for each in planned] == due


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (an_action(0, message="{{ event.data.nothing }}"), "event.data.nothing"),
        (an_action(0, "webhook", url="https://{{ event.data.n }}/"), "host and port are fixed"),
        (an_action(0, "webhook", surprise=1), "url: Field required; surprise: Extra"),
        (an_action(0, "teleport"), "no action of kind teleport"),
        (an_action(0, "emit_event", type="a.b", subject="{{ event.data }}" * 60), "actions.0: the subject"),
    ],
)
def test_an_action_that_cannot_be_planned_waits_with_its_flaw(spec: ActionSpec, says: str) -> None:
    firing = a_firing()
    long = replace(firing, event=replace(firing.event, data={"n": "1" * 100}))
    [planned] = take_in(long, a_trigger(spec), None).planned
    assert planned.request is None
    assert planned.flaw is not None
    assert says in planned.flaw


def test_depth_is_checked_again() -> None:
    trigger = a_trigger(depth=3)
    assert not take_in(a_firing(depth=2), trigger, None).over
    blocked = take_in(a_firing(depth=3), trigger, None)
    assert (blocked.over, blocked.step.run.state) == (True, FiringState.BLOCKED)
    [outcome] = told(Facts.of(blocked.firing), blocked.step, NOW, {})
    assert isinstance(outcome, Outcome)
    assert (outcome.reason, outcome.record_id) == (Reason.CHAIN_DEPTH, outcome_record_id(blocked.firing.firing_id))


def test_without_a_revision_the_firing_is_dead() -> None:
    dead = take_in(a_firing(), Unreadable("gone"), None)
    assert (dead.step.run.state, dead.step.run.reason) == (FiringState.DEAD, Reason.UNKNOWN_REVISION)
    assert dead.planned == ()


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (None, None),
        (Standing(deleted=False, stopped=False, cancel_before=NOW - timedelta(microseconds=1)), None),
        (Standing(deleted=False, stopped=False, cancel_before=NOW), Reason.TRIGGER_DISABLED),
        (Standing(deleted=False, stopped=True, cancel_before=NOW - timedelta(hours=1)), Reason.TRIGGER_DISABLED),
        (Standing(deleted=True, stopped=True, cancel_before=NOW + timedelta(hours=1)), Reason.TRIGGER_DELETED),
    ],
)
def test_what_was_cancelled_before_it_came_does_not_begin(standing: Standing | None, reason: Reason | None) -> None:
    intake = take_in(a_firing(), a_trigger(an_action(0), an_action(1)), standing)
    assert intake.over == (reason is not None)
    assert intake.step.run.reason == reason
    records = told(Facts.of(intake.firing), intake.step, NOW, {})
    assert [type(each) for each in records] == ([] if reason is None else [ActionOutcome, ActionOutcome, Outcome])
    if reason:
        assert records[0].record_id == action_outcome_record_id(intake.step.run.actions[0].action_id)


def test_test_mode_is_recorded() -> None:
    intake = take_in(replace(a_firing(), mode=FiringMode.TEST), a_trigger(), None)
    assert intake.step.run.actions[0].state is ActionState.SKIPPED
    assert intake.planned[0].request is not None


def test_only_a_retry_policy_of_its_own_is_kept() -> None:
    assert retry_as_json(RetryPolicy()) is None
    kept = retry_as_json(RetryPolicy(max_attempts=2))
    assert kept is not None
    assert '"max_attempts":2' in kept
