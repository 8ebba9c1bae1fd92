"""What is answered about triggers, and what may be asked of their list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from ensue.core.json import Json
from ensue.core.lineage import DEFAULT_MAX_CHAIN_DEPTH
from ensue.wire.faults import Fault
from trigger_api.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from trigger_api.triggers.rules import InFlight, Stored
from trigger_api.triggers.sentences import sentences_of


class TriggerStatus(StrEnum):
    """Whether it listens."""

    ACTIVE = "active"
    DISABLED = "disabled"


class TriggerWarning(BaseModel):
    """Something odd about a trigger that is no fault."""

    pointer: str = Field(description="A JSON pointer into the trigger.")
    message: str


class TriggerAnswer(BaseModel):
    """A trigger: its document as it was given, defaults filled in, and what the server adds."""

    id: UUID
    project: str = Field(description="The tenant.")
    name: str
    description: str | None
    enabled: bool
    status: TriggerStatus
    revision: int = Field(description="Counts up with every change; also the ETag.")
    when: dict[str, Any]
    where: dict[str, Any]
    then: dict[str, Any]
    delay: int | float | str
    brakes: dict[str, Any]
    sort_order: int
    active_since: datetime = Field(description="It never fires on events that Kafka appended before this instant.")
    created_by: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    english: str | None = Field(description="What `where` asks, as a sentence; null where it cannot be read any more.")
    sentence: str | None = Field(description="The whole trigger as a sentence.")
    in_force: bool = Field(description="Whether events published from now on are decided by this revision.")
    warnings: list[TriggerWarning] = Field(default=[], description="What is odd about it; told at a save.")


class TriggerPage(BaseModel):
    """Newest first."""

    items: list[TriggerAnswer]
    next_cursor: str | None = Field(description="Ask with it for the page after this; null on the last one.")


class TriggerFilter(BaseModel):
    """What may be asked of the list."""

    model_config = {"extra": "forbid"}

    status: TriggerStatus | None = None
    unindexed: bool | None = Field(default=None, description="Only those that no index leads to, or only the others.")
    event_type: str | None = Field(default=None, max_length=200, pattern=r"^[^\x00-\x1f]+$")
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=HIGHEST_LIMIT)
    cursor: str | None = Field(default=None, max_length=100)


class StopOptions(BaseModel):
    """How to treat what the trigger has already started to do."""

    model_config = {"extra": "forbid"}

    in_flight: InFlight = Field(
        default=InFlight.CANCEL, description="cancel: actions that have not begun do not run; finish: they do."
    )


def answer_of(state: Stored, updated_at: datetime, *, in_force: bool, warnings: Sequence[Fault] = ()) -> TriggerAnswer:
    """A trigger as it is answered."""
    document = state.document
    said = sentences_of(document)
    return TriggerAnswer(
        id=state.trigger_id,
        project=state.tenant,
        name=state.name,
        description=_text(document.get("description")),
        enabled=state.enabled,
        status=TriggerStatus.ACTIVE if state.enabled else TriggerStatus.DISABLED,
        revision=state.revision,
        when=_members(document.get("when")),
        where=_members(document.get("where")),
        then={"mode": "sequential", **_members(document.get("then"))},
        delay=_given(document.get("delay"), 0),
        brakes={"max_chain_depth": DEFAULT_MAX_CHAIN_DEPTH, **_members(document.get("brakes"))},
        sort_order=_given(document.get("sort_order"), 0),
        active_since=state.active_since,
        created_by=state.created_by,
        created_at=state.created_at,
        updated_at=updated_at,
        deleted_at=state.deleted_at,
        english=said.condition,
        sentence=said.whole,
        in_force=in_force,
        warnings=[TriggerWarning(pointer=fault.pointer, message=fault.message) for fault in warnings],
    )


def _given(value: Any, default: Any) -> Any:  # noqa: ANN401 - JSON that the document's parser has checked
    return default if value is None else value


def _members(value: Json) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
