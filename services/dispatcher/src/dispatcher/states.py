"""Where a firing and its actions stand, what can happen to them, and what follows from that: values alone.

`transitions` leads from one to the next; the store keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from ensue.actions.kind import Result
from ensue.core.outcome import Reason
from ensue.core.retry import RetryPolicy
from ensue.core.trigger import Mode


class ActionState(StrEnum):
    """Where an action stands."""

    WAITING = "waiting"  # for an earlier action
    DUE = "due"  # at its `due_at`
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    DEAD = "dead"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


UNSTARTED = frozenset({ActionState.WAITING, ActionState.DUE})
TERMINAL = frozenset({ActionState.SUCCEEDED, ActionState.DEAD, ActionState.SKIPPED, ActionState.CANCELLED})


class FiringState(StrEnum):
    """Where a firing stands; every state but `open` is terminal."""

    OPEN = "open"
    SUCCEEDED = "succeeded"
    DEAD = "dead"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


class AttemptResult(StrEnum):
    """How an attempt went."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # its lease ran out, or it was cut short: nobody knows what it did
    LOST = "lost"  # it was claimed but never begun; its number is used again


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a firing.

    attempt: how many were begun. fence: rises with every claim and every expired lease; only its holder may finish.
    due_in: set by a step that makes it due: how long from now, by the database's clock.
    """

    action_id: UUID
    path: str
    kind: str
    state: ActionState
    retry: RetryPolicy
    attempt: int = 0
    fence: int = 0
    due_in: timedelta | None = None
    reference: str | None = None
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A firing and its actions in their order. `cancel_reason`: nothing of it may begin any more."""

    firing_id: UUID
    mode: Mode
    state: FiringState
    actions: tuple[Action, ...]
    cancel_reason: str | None = None
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A worker took an action that is due."""

    action_id: UUID


@dataclass(frozen=True, slots=True)
class Finished:
    """A worker's attempt came to a result. `chance` in [0, 1) spreads the retry."""

    action_id: UUID
    fence: int
    result: Result
    chance: float


@dataclass(frozen=True, slots=True)
class LeaseExpired:
    """The lease of a claim ran out, or its worker was stopped in the middle of the call."""

    action_id: UUID
    fence: int


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A worker did not begin what it had claimed."""

    action_id: UUID
    fence: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Nothing that has not begun shall begin."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Recorded:
    """The firing is in test mode: its actions are planned and written down, not run."""


Settling: TypeAlias = Finished | LeaseExpired | GivenBack
Happening: TypeAlias = Claimed | Settling | Cancelled | Recorded


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """What to write into the row of an attempt."""

    action_id: UUID
    attempt: int
    result: AttemptResult
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What an event does to a firing.

    accepted: False where the sender no longer holds the fence: nothing changed and its result must be dropped.
    attempts: attempts that ended. ended: actions that reached a terminal state, in order.
    over: whether the firing itself reached its terminal state by this very step.
    """

    run: Run
    accepted: bool = True
    attempts: tuple[AttemptEnd, ...] = ()
    ended: tuple[Action, ...] = ()
    over: bool = False
