"""What is answered about a chain: a tree of events, firings and actions, and back to events."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field


class Place(StrEnum):
    """Why an event stands where it stands in the tree."""

    ROOT = "root"
    CAUSED = "caused"
    CAUSE_UNKNOWN = "cause_unknown"  # names a cause of which nothing is recorded (yet)
    CONTINUED = "continued"  # its cause is elsewhere in this answer; cut off there for depth


class EventStatus(StrEnum):
    """Whether the audit has the event itself or only heard of it through a firing."""

    RECORDED = "recorded"
    NOT_YET_RECORDED = "not_yet_recorded"


class ChainStatus(StrEnum):
    """Whether anything that is known of the chain is still unfinished."""

    RUNNING = "running"
    SETTLED = "settled"


class ActionNode(BaseModel):
    """An action and the events that it emitted or that name it as their cause."""

    action_id: UUID
    path: str | None = Field(default=None, description="Its place in the trigger's `then`.")
    kind: str | None = None
    status: str
    attempts: int = 0
    reference: str | None = Field(default=None, description="The outside party's id.")
    reason: str | None = None
    detail: str | None = None
    due_at: datetime | None = Field(default=None, description="When its next attempt is due.")
    ended_at: datetime | None = None
    events: list[EventNode] = Field(default_factory=list)


class FiringNode(BaseModel):
    """A firing and its actions."""

    firing_id: UUID
    trigger_id: UUID
    revision: int
    status: str
    reason: str | None = None
    detail: str | None = None
    depth: int
    at: datetime
    actions: list[ActionNode] = Field(default_factory=list)


class EventNode(BaseModel):
    """An event and the firings that it caused."""

    event_uid: UUID
    id: str | None = None
    type: str | None = None
    source: str | None = None
    subject: str | None = None
    causation_id: UUID | None = None
    depth: int
    at: datetime | None = Field(default=None, description="When Kafka appended it.")
    status: EventStatus
    place: Place
    firings: list[FiringNode] = Field(default_factory=list)


class ChainCounts(BaseModel):
    """How many nodes the tree has."""

    events: int
    firings: int
    actions: int


class Chain(BaseModel):
    """All that followed from one root event, as far as it is recorded."""

    correlation_id: UUID
    status: ChainStatus
    truncated: bool = Field(description="Whether the chain is larger than what one answer holds.")
    counts: ChainCounts
    roots: list[EventNode] = Field(description="The root event first; then events whose cause is not above them.")
    unplaced_actions: list[ActionNode] = Field(description="Actions of which the firing is not recorded yet.")


ActionNode.model_rebuild()
