"""What is answered about the log."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from trigger_api.paging import DEFAULT_LIMIT, HIGHEST_LIMIT


class LogStatus(StrEnum):
    """How a row of the log stands."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    DEAD = "dead"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    CONDITION_ERROR = "condition_error"


class LogRow(BaseModel):
    """A firing, or a decision that took its place."""

    at: datetime = Field(description="Append time of the event: the instant for which it was decided.")
    firing_id: UUID
    trigger_id: UUID
    revision: int
    event_uid: UUID
    event_id: str | None
    event_source: str | None
    event_type: str | None
    event_subject: str | None
    correlation_id: UUID
    causation_id: UUID | None
    depth: int
    mode: str
    status: str = Field(description="pending until its outcome is known.")
    reason: str | None
    detail: str | None
    actions: list[dict[str, Any]] = Field(description="How each action ended.")
    ended_at: datetime | None


class LogPage(BaseModel):
    """Newest first."""

    items: list[LogRow]
    next_cursor: str | None = Field(description="Ask with it for the page after this; null on the last one.")


class LogFilter(BaseModel):
    """What may be asked of the log."""

    model_config = {"extra": "forbid"}

    trigger_id: UUID | None = None
    correlation_id: UUID | None = None
    status: LogStatus | None = None
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=HIGHEST_LIMIT)
    cursor: str | None = Field(default=None, max_length=100)
