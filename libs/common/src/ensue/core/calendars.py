"""Named calendars: sets of dates that the triggers of a tenant name in the operator `calendar`.

Saved like triggers, each with a revision of its own; `ensue.core.ruleset` keeps the newest of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.tree import All, Any, Condition, FieldRef, Not, Test


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
        match waiting.pop():
            case All(members) | Any(members):
                waiting.extend(members)
            case Not(member):
                waiting.append(member)
            case Test(operator=name, value=value) if not isinstance(value, FieldRef):
                operator = OPERATORS.get(name)
                if operator is not None and operator.calendars is not None:
                    found |= operator.calendars(value)
            case _:
                continue
    return frozenset(found)
