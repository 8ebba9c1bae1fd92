"""The life of a firing as a state machine: which events move it, where to, and what must be told. Pure.

The only place that knows the legal transitions. The store applies a `Step` within one transaction, under the firing's
lock; the simulation in the tests drives the same function with crashes and zombies. Claiming is done for many actions
at once by one statement (`claim` in queries.sql), which does what `_claimed` does here.

    waiting -> due -> running -> succeeded | dead | due (again later)
    waiting | due -> cancelled (trigger disabled or deleted)      waiting -> skipped (an earlier action failed)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

from dispatcher.states import (
    TERMINAL,
    UNSTARTED,
    Action,
    ActionState,
    AttemptEnd,
    AttemptResult,
    Cancelled,
    Claimed,
    Finished,
    FiringState,
    GivenBack,
    Happening,
    LeaseExpired,
    Recorded,
    Run,
    Step,
)
from ensue.actions.kind import Failed, Refused, Result, Succeeded
from ensue.actions.texts import clipped
from ensue.core.outcome import Reason
from ensue.core.trigger import Mode

TEST_MODE_DETAIL = "test mode: recorded, not run"


def step(run: Run, happening: Happening) -> Step:
    """The one transition function."""
    match happening:
        case Claimed(action_id):
            return _on(run, action_id, None, lambda action: (_claimed(action), None))
        case Finished(action_id, fence, result, chance):
            return _on(run, action_id, fence, lambda action: _finished(run, action, result, chance))
        case LeaseExpired(action_id, fence):
            return _on(run, action_id, fence, lambda action: _expired(run, action))
        case GivenBack(action_id, fence):
            return _on(run, action_id, fence, lambda action: _given_back(run, action))
        case Cancelled(reason):
            marked = replace(run, cancel_reason=run.cancel_reason or reason)
            ended = (_cancelled(each, reason) if each.state in UNSTARTED else each for each in run.actions)
            return _settled(run, replace(marked, actions=tuple(ended)))
        case Recorded():
            return _settled(run, replace(run, actions=tuple(map(_recorded, run.actions))))


def opened(run: Run) -> Run:
    """A new firing whose actions all wait, with those made due that begin: the first one, or all together."""
    first = run.actions if run.mode is Mode.PARALLEL else run.actions[:1]
    return replace(run, actions=(*map(_released, first), *run.actions[len(first) :]))


_Moved: TypeAlias = tuple[Action, AttemptEnd | None]


def _on(run: Run, action_id: UUID, fence: int | None, move: Callable[[Action], _Moved]) -> Step:
    """Move one action. Who settles must hold the fence of an action that runs; who claims finds one that is due."""
    place = next((index for index, each in enumerate(run.actions) if each.action_id == action_id), None)
    if place is None:
        return Step(run, accepted=False)
    before = run.actions[place]
    holds_it = before.state is ActionState.RUNNING and before.fence == fence
    if not (before.state is ActionState.DUE if fence is None else holds_it):
        return Step(run, accepted=False)
    after, attempt = move(before)
    moved = _followed(replace(run, actions=(*run.actions[:place], after, *run.actions[place + 1 :])), after)
    return replace(_settled(run, moved), attempts=() if attempt is None else (attempt,))


def _claimed(action: Action) -> Action:
    return replace(action, state=ActionState.RUNNING, attempt=action.attempt + 1, fence=action.fence + 1, due_in=None)


def _finished(run: Run, action: Action, result: Result, chance: float) -> _Moved:
    match result:
        case Succeeded(reference, detail):
            done = replace(action, state=ActionState.SUCCEEDED, reference=reference, reason=None, detail=detail)
            return done, _attempt(action, AttemptResult.SUCCEEDED, detail)
        case Refused(reason, detail):
            dead = replace(action, state=ActionState.DEAD, reason=reason, detail=detail)
            return dead, _attempt(action, AttemptResult.REFUSED, detail)
        case Failed(fault, detail, retry_after):
            delay = action.retry.delay_after(action.attempt, chance)
            wait = None if delay is None else max(delay, retry_after or delay)
            said = f"{fault}: {detail}"
            return _again(run, action, wait, said), _attempt(action, AttemptResult.FAILED, said)


def _expired(run: Run, action: Action) -> _Moved:
    said = f"attempt {action.attempt} ended without a result"
    wait = None if action.retry.delay_after(action.attempt, 0.0) is None else timedelta(0)
    passed_on = replace(action, fence=action.fence + 1)
    return _again(run, passed_on, wait, said), _attempt(action, AttemptResult.UNKNOWN, None)


def _given_back(run: Run, action: Action) -> _Moved:
    unbegun = replace(action, attempt=action.attempt - 1)
    return _again(run, unbegun, timedelta(0), None), _attempt(action, AttemptResult.LOST, None)


def _again(run: Run, action: Action, wait: timedelta | None, said: str | None) -> Action:
    """Due again after `wait`, unless the trigger was cancelled meanwhile; dead where there is no further attempt."""
    if run.cancel_reason is not None:
        return _cancelled(replace(action, detail=said), run.cancel_reason)
    if wait is None:
        detail = clipped(f"{action.attempt} attempts; the last: {said}")
        return replace(action, state=ActionState.DEAD, reason=Reason.RETRIES_EXHAUSTED, detail=detail)
    return replace(action, state=ActionState.DUE, due_in=wait, detail=said)


def _cancelled(action: Action, reason: str) -> Action:
    return replace(action, state=ActionState.CANCELLED, due_in=None, reason=reason)


def _recorded(action: Action) -> Action:
    return replace(action, state=ActionState.SKIPPED, due_in=None, detail=TEST_MODE_DETAIL)


def _attempt(action: Action, result: AttemptResult, detail: str | None) -> AttemptEnd:
    return AttemptEnd(action.action_id, action.attempt, result, detail)


def _followed(run: Run, moved: Action) -> Run:
    """What an action's end does to those behind it: success lets the next one begin, death skips the rest."""
    if run.mode is Mode.PARALLEL or moved.state not in (ActionState.SUCCEEDED, ActionState.DEAD):
        return run
    waiting = [each for each in run.actions if each.state is ActionState.WAITING]
    if moved.state is ActionState.SUCCEEDED:
        changed = {each.action_id: _released(each) for each in waiting[:1]}
    else:
        changed = {each.action_id: _skipped(each) for each in waiting}
    return replace(run, actions=tuple(changed.get(each.action_id, each) for each in run.actions))


def _released(action: Action) -> Action:
    return replace(action, state=ActionState.DUE, due_in=timedelta(0))


def _skipped(action: Action) -> Action:
    return replace(action, state=ActionState.SKIPPED, reason=Reason.EARLIER_ACTION_FAILED)


def _settled(before: Run, after: Run) -> Step:
    """The step from before to after, with the firing ended if nothing of it is left to do."""
    ended = tuple(
        new
        for old, new in zip(before.actions, after.actions, strict=True)
        if new.state in TERMINAL and old.state not in TERMINAL
    )
    if before.state is not FiringState.OPEN or not all(each.state in TERMINAL for each in after.actions):
        return Step(after, ended=ended)
    return Step(_closed(after), ended=ended, over=True)


def _closed(run: Run) -> Run:
    for state, status in ((ActionState.DEAD, FiringState.DEAD), (ActionState.CANCELLED, FiringState.CANCELLED)):
        cause = next((each for each in run.actions if each.state is state), None)
        if cause is not None:
            return replace(run, state=status, reason=cause.reason, detail=cause.detail)
    test = next((each.detail for each in run.actions if each.state is ActionState.SKIPPED), None)
    return replace(run, state=FiringState.SUCCEEDED, detail=test)
