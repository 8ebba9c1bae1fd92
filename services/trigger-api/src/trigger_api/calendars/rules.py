"""The life of a calendar as a pure function: (state, command, now) -> new state. Called by `commands`.

A name that was deleted may come back; its revision goes on from where it was, because evaluators go by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from ensue.core.calendars import CalendarId, CalendarRemoval
from ensue.core.json import Json
from ensue.wire.calendars import CalendarRecord, encode_calendar, encode_calendar_tombstone
from ensue.wire.faults import Fault
from ensue.wire.topics import OutgoingRecord
from trigger_api.problems import CONFLICT, Problem

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class StoredCalendar:
    """A calendar's newest state. `dates`: its days as people wrote them. Revision 0: there never was one."""

    tenant: str
    name: str
    revision: int
    description: str
    dates: Sequence[Json]
    created_by: str
    created_at: datetime
    deleted_at: datetime | None = None

    @property
    def is_there(self) -> bool:
        """Whether readers find it."""
        return self.deleted_at is None


@dataclass(frozen=True, slots=True)
class CalendarDraft:
    """What a checked document asks for."""

    description: str
    dates: Sequence[Json]


@dataclass(frozen=True, slots=True)
class User:
    """A trigger that names a calendar."""

    trigger_id: UUID
    name: str


def put(state: StoredCalendar, draft: CalendarDraft, caller: str, now: datetime) -> StoredCalendar:
    """The state with this content; the very same state where that is what is there already."""
    if not state.is_there:
        revision = state.revision + 1
        return StoredCalendar(state.tenant, state.name, revision, draft.description, draft.dates, caller, now)
    if (draft.description, draft.dates) == (state.description, state.dates):
        return state
    return replace(state, revision=state.revision + 1, description=draft.description, dates=draft.dates)


def delete(state: StoredCalendar, users: Sequence[User], now: datetime) -> StoredCalendar:
    """The state of a deletion; a Problem (409) that names the triggers which still ask it."""
    if users:
        named = [f'"{user.name}" ({user.trigger_id})' for user in users[:MOST_NAMED]]
        more = f" and {len(users) - 1} more" if len(users) > 1 else ""
        faults = [Fault("/path/name", f"is used by the trigger {each}") for each in named]
        raise Problem(CONFLICT, f"The calendar is used by the trigger {named[0]}{more}.", faults=faults)
    return replace(state, revision=state.revision + 1, deleted_at=now)


def record_of(state: StoredCalendar) -> OutgoingRecord:
    """What is said on `ensue.triggers` about this state."""
    calendar_id = CalendarId(state.tenant, state.name)
    if not state.is_there:
        return encode_calendar_tombstone(CalendarRemoval(calendar_id, state.revision))
    return encode_calendar(CalendarRecord(calendar_id, state.revision, state.dates))
