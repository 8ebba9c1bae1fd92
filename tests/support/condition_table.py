"""The language-neutral table of conditions (tests/cases/conditions.json) as the tests of every compiler read it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any as Anything

from ensue.core.conditions.context import Context
from ensue.core.conditions.tree import All, Any, Condition, Not, Test
from ensue.core.event import Event
from ensue.wire.cloudevents import decode_record
from ensue.wire.conditions import parse_condition
from ensue.wire.faults import Faults

TABLE = Path(__file__).parents[1] / "cases" / "conditions.json"
_ATTRIBUTES = {"type": "variant.approved", "source": "/studio", "id": "1", "specversion": "1.0"}
_WORDS: dict[str, Anything] = json.loads(TABLE.read_text(encoding="utf-8"))
NOW = datetime.fromisoformat(_WORDS["now"])
CALENDARS: dict[str, list[str]] = _WORDS["calendars"]
CONTEXT = Context({name: frozenset(map(date.fromisoformat, dates)) for name, dates in CALENDARS.items()})


@dataclass(frozen=True)
class Case:
    """One row: a condition in JSON, an event, whether it fulfils the condition, and why."""

    id: str
    condition: dict[str, Anything]
    event: dict[str, Anything]
    verdict: bool
    why: str


CASES = [Case(**case) for case in _WORDS["cases"]]


def condition_of(document: object) -> Condition:
    """The condition that a document writes down; it must be right."""
    faults = Faults()
    condition = parse_condition(document, "", faults, CONTEXT)
    faults.raise_any()
    return condition


def event_of(words: dict[str, Anything]) -> Event:
    """The event that a case words, with what it leaves out as the table's own words say."""
    return _decoded(json.dumps(words))


@cache
def _decoded(words: str) -> Event:
    event: dict[str, Anything] = json.loads(words)
    named = {name.replace("_", ""): text for name, text in event.items() if name != "data"}
    headers = [(f"ce_{name}", text.encode()) for name, text in {**_ATTRIBUTES, **named}.items()]
    value = json.dumps(event["data"]).encode() if "data" in event else None
    return decode_record(headers, value, trusted=False, default_tenant="studio")


def attributes_of(event: Event) -> dict[str, Anything]:
    """An event as the reference evaluator reads it."""
    return {
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "id": event.id,
        "entity_type": event.entity_type,
        "time": None if event.time is None else event.time.isoformat(),
        "data": event.data,
    }


def leaves_of(condition: Condition) -> list[Test]:
    """The tests of a condition, from left to right."""
    match condition:
        case Test():
            return [condition]
        case Not(member):
            return leaves_of(member)
        case All(members) | Any(members):
            return [test for member in members for test in leaves_of(member)]
    return []
