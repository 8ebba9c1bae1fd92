"""The state machine of a firing, transition by transition."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from dispatcher.states import (
    Action,
    ActionState,
    AttemptResult,
    Cancelled,
    Claimed,
    Finished,
    FiringState,
    GivenBack,
    LeaseExpired,
    Recorded,
    Run,
    Step,
)
from dispatcher.transitions import opened, step
from ensue.actions.kind import Failed, Fault, Refused, Result, Succeeded
from ensue.core.outcome import Reason
from ensue.core.retry import RetryPolicy
from ensue.core.trigger import Mode

FIRST, SECOND, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)
BUSY = Failed(Fault.STATUS, "answered 503")
GONE = Refused(Reason.REFUSED, "answered 410")


def a_run(*ids: UUID, mode: Mode = Mode.SEQUENTIAL, attempts: int = 3) -> Run:
    retry = RetryPolicy(max_attempts=attempts, jitter=0.0)
    actions = tuple(
        Action(each, f"actions.{place}", "webhook", ActionState.WAITING, retry) for place, each in enumerate(ids)
    )
    return opened(Run(UUID(int=99), mode, FiringState.OPEN, actions))


def tried(run: Run, action_id: UUID, result: Result) -> Step:
    """Claim and finish one action."""
    claimed = step(run, Claimed(action_id))
    assert claimed.accepted
    return step(claimed.run, Finished(action_id, fence_of(claimed.run, action_id), result, 0.5))


def fence_of(run: Run, action_id: UUID) -> int:
    return next(each.fence for each in run.actions if each.action_id == action_id)


def states(run: Run) -> list[str]:
    return [each.state.value for each in run.actions]


def test_a_sequence_begins_with_its_first_action() -> None:
    assert states(a_run(FIRST, SECOND)) == ["due", "waiting"]


def test_parallel_actions_begin_together() -> None:
    assert states(a_run(FIRST, SECOND, mode=Mode.PARALLEL)) == ["due", "due"]


def test_success_releases_the_next_and_the_last_one_ends_the_firing() -> None:
    first = tried(a_run(FIRST, SECOND), FIRST, Succeeded("job-7"))
    assert (states(first.run), first.over) == (["succeeded", "due"], False)
    second = tried(first.run, SECOND, Succeeded())
    assert second.over
    assert second.run.state is FiringState.SUCCEEDED
    assert [each.action_id for each in second.ended] == [SECOND]
    assert second.run.actions[0].reference == "job-7"


def test_a_failure_is_tried_again_later_and_later() -> None:
    first = tried(a_run(FIRST), FIRST, BUSY)
    second = tried(first.run, FIRST, BUSY)
    assert first.run.actions[0].due_in == timedelta(seconds=1)
    assert second.run.actions[0].due_in == timedelta(seconds=2)
    assert [end.result for end in (*first.attempts, *second.attempts)] == [AttemptResult.FAILED] * 2


def test_the_other_sides_patience_counts_where_it_is_longer() -> None:
    slow = tried(a_run(FIRST), FIRST, replace(BUSY, retry_after=timedelta(seconds=30)))
    quick = tried(a_run(FIRST), FIRST, replace(BUSY, retry_after=timedelta(0)))
    assert slow.run.actions[0].due_in == timedelta(seconds=30)
    assert quick.run.actions[0].due_in == timedelta(seconds=1)


def test_after_the_last_attempt_the_action_is_dead_and_so_is_the_firing() -> None:
    run = a_run(FIRST, attempts=2)
    last = tried(tried(run, FIRST, BUSY).run, FIRST, BUSY)
    assert last.over
    assert (last.run.state, last.run.reason) == (FiringState.DEAD, Reason.RETRIES_EXHAUSTED)
    assert last.run.detail == "2 attempts; the last: status: answered 503"


@pytest.mark.requirement("R5.10")
def test_a_refusal_ends_at_once_and_skips_what_follows() -> None:
    done = tried(tried(a_run(FIRST, SECOND, THIRD), FIRST, Succeeded()).run, SECOND, GONE)
    assert states(done.run) == ["succeeded", "dead", "skipped"]
    assert done.run.actions[2].reason == Reason.EARLIER_ACTION_FAILED
    assert (done.over, done.run.state, done.run.reason) == (True, FiringState.DEAD, Reason.REFUSED)


@pytest.mark.requirement("R5.11")
def test_parallel_actions_fail_apart() -> None:
    first = tried(a_run(FIRST, SECOND, mode=Mode.PARALLEL), FIRST, GONE)
    assert (states(first.run), first.over) == (["dead", "due"], False)
    second = tried(first.run, SECOND, Succeeded())
    assert (states(second.run), second.run.state, second.over) == (["dead", "succeeded"], FiringState.DEAD, True)


def test_an_expired_lease_is_an_unknown_attempt_and_passes_the_fence_on() -> None:
    claimed = step(a_run(FIRST), Claimed(FIRST)).run
    expired = step(claimed, LeaseExpired(FIRST, 1))
    assert [end.result for end in expired.attempts] == [AttemptResult.UNKNOWN]
    assert (expired.run.actions[0].state, expired.run.actions[0].due_in) == (ActionState.DUE, timedelta(0))
    late = step(expired.run, Finished(FIRST, 1, Succeeded(), 0.0))
    assert not late.accepted
    assert late.run == expired.run


def test_a_late_result_changes_nothing_while_another_runs() -> None:
    claimed = step(a_run(FIRST), Claimed(FIRST)).run
    again = step(step(claimed, LeaseExpired(FIRST, 1)).run, Claimed(FIRST)).run
    assert not step(again, Finished(FIRST, 1, GONE, 0.0)).accepted
    assert not step(again, LeaseExpired(FIRST, 1)).accepted
    assert step(again, Finished(FIRST, fence_of(again, FIRST), Succeeded(), 0.0)).over


def test_the_last_attempt_left_without_a_result_is_dead() -> None:
    claimed = step(a_run(FIRST, attempts=1), Claimed(FIRST)).run
    expired = step(claimed, LeaseExpired(FIRST, 1))
    assert (expired.run.state, expired.run.reason, expired.over) == (FiringState.DEAD, Reason.RETRIES_EXHAUSTED, True)


def test_what_was_not_begun_costs_no_attempt() -> None:
    claimed = step(a_run(FIRST, attempts=1), Claimed(FIRST)).run
    back = step(claimed, GivenBack(FIRST, 1))
    assert (back.run.actions[0].state, back.run.actions[0].attempt) == (ActionState.DUE, 0)
    assert [end.result for end in back.attempts] == [AttemptResult.LOST]
    assert tried(back.run, FIRST, Succeeded()).run.state is FiringState.SUCCEEDED


@pytest.mark.requirement("R1.11")
def test_cancelling_ends_what_has_not_begun() -> None:
    done = step(a_run(FIRST, SECOND), Cancelled(Reason.TRIGGER_DISABLED))
    assert states(done.run) == ["cancelled", "cancelled"]
    assert (done.over, done.run.state, done.run.reason) == (True, FiringState.CANCELLED, Reason.TRIGGER_DISABLED)
    assert len(done.ended) == 2


def test_cancelling_lets_a_running_call_end_but_not_begin_again() -> None:
    running = step(step(a_run(FIRST, SECOND), Claimed(FIRST)).run, Cancelled(Reason.TRIGGER_DELETED))
    assert (states(running.run), running.over) == (["running", "cancelled"], False)
    failed = step(running.run, Finished(FIRST, 1, BUSY, 0.0))
    assert (states(failed.run), failed.run.state) == (["cancelled", "cancelled"], FiringState.CANCELLED)
    succeeded = step(running.run, Finished(FIRST, 1, Succeeded(), 0.0))
    assert (states(succeeded.run), succeeded.run.state) == (["succeeded", "cancelled"], FiringState.CANCELLED)


def test_test_mode_records_and_runs_nothing() -> None:
    done = step(a_run(FIRST, SECOND), Recorded())
    assert (states(done.run), done.run.state, done.over) == (["skipped", "skipped"], FiringState.SUCCEEDED, True)


def test_what_is_over_stays_as_it_is() -> None:
    over = tried(a_run(FIRST), FIRST, Succeeded()).run
    for late in (Claimed(FIRST), Finished(FIRST, 1, GONE, 0.0), LeaseExpired(FIRST, 1), GivenBack(FIRST, 1)):
        assert not step(over, late).accepted
    again = step(over, Cancelled(Reason.TRIGGER_DELETED))
    assert (again.run.state, again.over, again.ended) == (FiringState.SUCCEEDED, False, ())
