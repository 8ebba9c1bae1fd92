"""What is said on `ensue.outcomes`: outcomes of firings and of actions, condition errors, receipts. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class OutcomeStatus(StrEnum):
    """How a firing ended. Every value is terminal."""

    SUCCEEDED = "succeeded"
    DEAD = "dead"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


class ActionStatus(StrEnum):
    """How an action ended. Every value is terminal."""

    SUCCEEDED = "succeeded"
    DEAD = "dead"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why something did not run or ended early; closed, because people alert on it."""

    CHAIN_DEPTH = "chain_depth"
    RETRIES_EXHAUSTED = "retries_exhausted"
    REFUSED = "refused"  # the other side said no for good: a 4xx that repeating cannot mend
    FORBIDDEN_ADDRESS = "forbidden_address"
    TEMPLATE = "template"
    EARLIER_ACTION_FAILED = "earlier_action_failed"
    TRIGGER_DISABLED = "trigger_disabled"
    TRIGGER_DELETED = "trigger_deleted"
    UNKNOWN_REVISION = "unknown_revision"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class ActionTaken:
    """One action within the terminal outcome of its firing. `reference` is the outside party's id, if it gave one."""

    action_id: UUID
    path: str
    kind: str
    status: ActionStatus
    attempts: int
    reference: str | None = None
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The terminal outcome of a firing: exactly one each, `record_id = ids.outcome_record_id(firing_id)`."""

    record_id: UUID
    at: datetime
    tenant: str
    firing_id: UUID
    trigger_id: UUID
    revision: int
    event_uid: UUID
    correlation_id: UUID
    depth: int
    status: OutcomeStatus
    reason: str | None = None
    detail: str | None = None
    actions: tuple[ActionTaken, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """How one action ended, said when it ended. `emitted_event_uid` where it emitted an event."""

    record_id: UUID
    at: datetime
    tenant: str
    firing_id: UUID
    trigger_id: UUID
    correlation_id: UUID
    depth: int
    taken: ActionTaken
    emitted_event_uid: UUID | None = None


@dataclass(frozen=True, slots=True)
class ConditionErred:
    """A trigger's condition erred on an event; the trigger did not fire for it."""

    record_id: UUID
    at: datetime
    tenant: str
    firing_id: UUID
    trigger_id: UUID
    revision: int
    event_uid: UUID
    correlation_id: UUID
    depth: int
    detail: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """An evaluator's statement: "I decided offsets [first_offset, next_offset) of this partition with this ruleset".

    at: the append time of the last record of the range, so that a range read again says the same.
    missing: offsets inside the range that the broker no longer had (a gap); 0 in normal life.
    """

    record_id: UUID
    at: datetime
    group: str
    instance: str
    topic: str
    partition: int
    first_offset: int
    next_offset: int
    events: int
    firings: int
    blocked: int
    errors: int
    dead: int
    ruleset: str
    missing: int = 0


OutcomeRecord = Outcome | ActionOutcome | ConditionErred | Receipt
