"""Named calendars: sets of dates that the triggers of a tenant name in the operator `calendar`.

Saved like triggers, each with a revision of its own; `ensue.core.ruleset` keeps the newest of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.tree import All, Any, Condition, FieldRef, Not, Test

_ASKED: Final = {name: each.calendars for name, each in OPERATORS.items() if each.calendars is not None}


class CalendarId(NamedTuple):
    """A name is the tenant's own: two tenants' calendars of one name are two."""

    tenant: str
    name: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """One revision of a calendar: the days that are in it, ranges and yearly days written out."""

    calendar_id: CalendarId
    revision: int
    dates: frozenset[date]


@dataclass(frozen=True, slots=True)
class CalendarRemoval:
    """A calendar was deleted; `revision` is the deletion's. Remembered, so that an older record cannot revive it."""

    calendar_id: CalendarId
    revision: int


def calendars_of(condition: Condition) -> frozenset[str]:
    """The names of the calendars that a condition asks."""
    found: set[str] = set()
    waiting = [condition]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Test):
            asked = _ASKED.get(one.operator)
            if asked is not None and not isinstance(one.value, FieldRef):
                found |= asked(one.value)
        elif isinstance(one, (All, Any)):
            waiting.extend(one.members)
        elif isinstance(one, Not):
            waiting.append(one.member)
    return frozenset(found)
