"""What may be asked about triggers, and what is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from trigger_api.problems import FaultModel
from trigger_api.triggers.models import TriggerWarning

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class SampleCounts(BaseModel):
    """How often a condition would have held."""

    events: int = Field(description="How many sample events there are.")
    heard: int = Field(description="How many of them the trigger listens to.")
    matched: int = Field(description="Of these, how many its condition takes.")
    failed: int = Field(description="Of these, how many the condition has no verdict about.")
    selectivity: float = Field(
        description="The share of heard events that it will match, estimated; never quite 0 or 1."
    )


class ValidationAnswer(BaseModel):
    """Whether a save as a new trigger would be taken, and what it would say."""

    valid: bool = Field(description="Whether it would be taken as a new trigger.")
    errors: list[FaultModel] = Field(description="Everything wrong, each with its place; empty where it is valid.")
    warnings: list[TriggerWarning] = Field(description="What is odd about it; only where it is valid.")
    english: str | None = Field(description="What `where` asks, as a sentence; null where it is not valid.")
    sentence: str | None = Field(description="The whole trigger as a sentence; null for a condition alone.")
    unindexed: str | None = Field(description="Why no index leads to it, so that it counts towards the limit.")
    samples: SampleCounts | None = Field(description="Null where no samples were given.")


class ExplainOptions(BaseModel):
    """What may be asked of an explanation."""

    model_config = {"extra": "forbid"}

    revision: int | None = Field(default=None, ge=1, le=2**31 - 1, description="An older revision; else the newest.")
    at: AwareDatetime | None = Field(
        default=None,
        ge=EARLIEST,
        le=LATEST,
        description="The append time to decide at; else that of the journalled event, else now.",
    )


class CheckAnswer(BaseModel):
    """One thing beside the condition."""

    check: str = Field(
        description="project, type, entity_type, enabled, active_since, targets (not of a journalled event) or depth."
    )
    passed: bool
    message: str | None = Field(description="Why not.")


class ExplainedNode(BaseModel):
    """A branch or a test of the condition. What does not apply to it is left out."""

    kind: str = Field(description="all, any, not, test, or the dialect of a leaf.")
    verdict: bool
    decided: bool = Field(description="Whether the verdict of the whole rests on it.")
    sentence: str
    field: str | None = None
    operator: str | None = None
    quantifier: str | None = None
    wanted: Any = None
    actual: list[Any] | None = Field(default=None, description="The values that were there, at most 20.")
    shortened: bool | None = Field(default=None, description="Whether a value is too large to be shown whole.")
    note: str | None = None
    members: list[ExplainedNode] | None = None


class ExplainAnswer(BaseModel):
    """Whether a trigger fires for an event, and why."""

    trigger_id: UUID
    revision: int
    event_uid: UUID
    at: datetime = Field(description="The append time that it was decided at.")
    matches: bool = Field(description="Whether it would fire.")
    reasons: list[str] = Field(description="What keeps it from firing beside the verdict of its tests.")
    checks: list[CheckAnswer] = Field(description="All that is asked beside the condition.")
    english: str
    where: ExplainedNode
    nearest_miss: list[ExplainedNode] = Field(description="The fewest tests that would have to come out otherwise.")


class UnindexedCount(BaseModel):
    """The unindexed triggers of one event type."""

    event_type: str
    count: int


class UnindexedTriggers(BaseModel):
    """What is counted against the limit."""

    limit: int = Field(description="How many enabled ones there may be for each event type.")
    event_types: list[UnindexedCount] = Field(description="The 100 types with most of them.")


class LimitsAnswer(BaseModel):
    """What this project may have and has."""

    unindexed_triggers: UnindexedTriggers
