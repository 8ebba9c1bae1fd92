"""What is answered about calendars, and what may be asked of their list."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from ensue.wire.calendars import MAX_DAYS, MAX_ENTRIES, NAME_SYNTAX
from trigger_api.calendars.rules import StoredCalendar
from trigger_api.paging import DEFAULT_LIMIT, HIGHEST_LIMIT

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9._-]{0,62}$"
DOCUMENT: Final[dict[str, Any]] = {
    "description": "When nothing may be generated.",
    "dates": ["2026-11-27", "--12-25", {"from": "2026-12-24", "to": "2027-01-02"}],
}
_DAY: Final[dict[str, Any]] = {"type": "string", "format": "date"}
DOCUMENT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": "CalendarDocument",
    "required": ["dates"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": ["string", "null"], "description": f"That of the address: {NAME_SYNTAX}."},
        "description": {"type": ["string", "null"]},
        "dates": {
            "type": "array",
            "maxItems": MAX_ENTRIES,
            "description": f"Dates, days of every year (--12-25) and ranges; {MAX_DAYS} days in all.",
            "items": {
                "oneOf": [
                    _DAY,
                    {"type": "string", "pattern": "^--[0-9]{2}-[0-9]{2}$"},
                    {
                        "type": "object",
                        "required": ["from", "to"],
                        "additionalProperties": False,
                        "properties": {"from": _DAY, "to": _DAY},
                    },
                ]
            },
        },
    },
}


class CalendarAnswer(BaseModel):
    """A calendar: what was put, and what the server adds."""

    name: str
    project: str = Field(description="The tenant.")
    description: str | None
    dates: list[Any] = Field(description="As they were given.")
    revision: int = Field(description="Counts up with every change, a deletion included; also the ETag.")
    created_by: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    in_force: bool = Field(description="Whether events published from now on are decided by this revision.")


class CalendarPage(BaseModel):
    """By name."""

    items: list[CalendarAnswer]
    next_cursor: str | None = Field(description="Ask with it for the page after this; null on the last one.")


class CalendarFilter(BaseModel):
    """What may be asked of the list."""

    model_config = {"extra": "forbid"}

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=HIGHEST_LIMIT)
    cursor: str | None = Field(default=None, pattern=NAME_PATTERN)


def answer_of(state: StoredCalendar, updated_at: datetime, *, in_force: bool) -> CalendarAnswer:
    """A calendar as it is answered."""
    return CalendarAnswer(
        name=state.name,
        project=state.tenant,
        description=state.description or None,
        dates=list(state.dates),
        revision=state.revision,
        created_by=state.created_by,
        created_at=state.created_at,
        updated_at=updated_at,
        deleted_at=state.deleted_at,
        in_force=in_force,
    )
