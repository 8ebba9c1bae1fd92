"""What becomes of a firing when it is taken in: the frozen plan of its actions, or why there is none. Pure.

Called by the intake. A template that cannot be filled is no reason to refuse the firing: the action is planned with its
flaw and fails when its turn comes, before any call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from pydantic import ValidationError

from dispatcher.states import Action, ActionState, Cancelled, FiringState, Recorded, Run, Step
from dispatcher.transitions import opened, step
from ensue.actions.kind import DEFAULT_TIMEOUT, Scope
from ensue.actions.registry import KINDS
from ensue.actions.texts import clipped, json_text
from ensue.core.errors import EnsueError
from ensue.core.event import FiringMode
from ensue.core.firing import Firing
from ensue.core.ids import action_id
from ensue.core.lineage import may_fire
from ensue.core.outcome import Reason
from ensue.core.retry import RetryPolicy
from ensue.core.template import scope_of
from ensue.core.trigger import ActionSpec, Mode, Trigger


@dataclass(frozen=True, slots=True)
class Standing:
    """How a trigger that was once stopped stands now, whatever the revision of the firing.

    stopped: it is stopped now, and nothing of it may begin, also what was observed before any evaluator knew.
    cancel_before: it was stopped then; what was observed until then must not begin, though it be enabled again.
    """

    deleted: bool
    stopped: bool
    cancel_before: datetime

    def forbids(self, firing: Firing) -> bool:
        """Whether the firing must not begin."""
        return self.stopped or firing.observed_at <= self.cancel_before


@dataclass(frozen=True, slots=True)
class Unreadable:
    """There is no plan: the firing's revision is unknown, or its document cannot be read by this version."""

    detail: str


Wish: TypeAlias = Trigger | Unreadable


@dataclass(frozen=True, slots=True)
class Planned:
    """What is frozen of an action beside its state. `request` is JSON text, absent where `flaw` says why.

    lane: tenant and target; attempts in one lane share a limit, so that one target that hangs holds up no other.
    due_at: for an action that begins with the firing; the others become due when they are released.
    """

    lane: str
    timeout: timedelta
    request: str | None
    flaw: str | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Intake:
    """A firing as it is to be written: `planned` goes with `step.run.actions`, one for one."""

    firing: Firing
    step: Step
    planned: tuple[Planned, ...] = ()

    @property
    def over(self) -> bool:
        """Whether it ends as it is taken in."""
        return self.step.run.state is not FiringState.OPEN


def take_in(firing: Firing, wish: Wish, standing: Standing | None) -> Intake:
    """The plan of a firing under its own revision of the trigger, ended at once where nothing may begin."""
    if isinstance(wish, Unreadable):
        return _ended(firing, FiringState.DEAD, Reason.UNKNOWN_REVISION, wish.detail)
    limit = wish.brakes.max_chain_depth
    if not may_fire(firing.lineage.depth, limit):
        detail = f"the event's depth {firing.lineage.depth} is not below the trigger's max_chain_depth {limit}"
        return _ended(firing, FiringState.BLOCKED, Reason.CHAIN_DEPTH, detail)
    planned = plan(wish, firing)
    run = opened(_waiting(firing, wish))
    if firing.mode is FiringMode.TEST:
        return Intake(firing, step(run, Recorded()), planned)
    if standing and standing.forbids(firing):
        reason = Reason.TRIGGER_DELETED if standing.deleted else Reason.TRIGGER_DISABLED
        return Intake(firing, step(run, Cancelled(reason)), planned)
    return Intake(firing, Step(run), planned)


def plan(trigger: Trigger, firing: Firing) -> tuple[Planned, ...]:
    """Every action's request, rendered now from the event and this revision: later edits do not change it."""
    scope = scope_of(firing, trigger.name)
    due_at = firing.observed_at + trigger.delay
    parallel = trigger.then.mode is Mode.PARALLEL
    return tuple(
        _planned(spec, firing.tenant, scope, due_at if parallel or place == 0 else None)
        for place, spec in enumerate(trigger.then.actions)
    )


def _planned(spec: ActionSpec, tenant: str, scope: Scope, due_at: datetime | None) -> Planned:
    timeout = spec.timeout or DEFAULT_TIMEOUT
    try:
        kind = KINDS[spec.kind]
        request = kind.plan(kind.params.model_validate(spec.params), scope)
        return Planned(f"{tenant}/{kind.target(request)}", timeout, json_text(request), None, due_at)
    except KeyError:
        return Planned(f"{tenant}/", timeout, None, f"this version knows no action of kind {spec.kind}", due_at)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        return Planned(f"{tenant}/", timeout, None, clipped(f"{spec.path}: {faults}"), due_at)
    except EnsueError as error:
        return Planned(f"{tenant}/", timeout, None, clipped(f"{spec.path}: {error}"), due_at)


def _waiting(firing: Firing, trigger: Trigger) -> Run:
    actions = tuple(
        Action(action_id(firing.firing_id, spec.path), spec.path, spec.kind, ActionState.WAITING, spec.retry)
        for spec in trigger.then.actions
    )
    return Run(firing.firing_id, trigger.then.mode, FiringState.OPEN, actions)


def _ended(firing: Firing, state: FiringState, reason: Reason, detail: str) -> Intake:
    run = Run(firing.firing_id, Mode.SEQUENTIAL, state, (), reason=reason, detail=clipped(detail))
    return Intake(firing, Step(run, over=True))


def retry_as_json(policy: RetryPolicy) -> str | None:
    """The policy as it is kept; None for the default one."""
    if policy == RetryPolicy():
        return None
    return json_text(
        {
            "max_attempts": policy.max_attempts,
            "initial_seconds": policy.initial.total_seconds(),
            "multiplier": policy.multiplier,
            "maximum_seconds": policy.maximum.total_seconds(),
            "jitter": policy.jitter,
        }
    )
