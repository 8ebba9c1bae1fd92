"""Explanations for people and programs: whether a trigger fires for an event, as lines of text and as JSON.

Called by `ensue explain`, and by `ensue.testing.match` for the message of a failed assertion.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ensue.core.conditions.explain import explain, nearest_miss
from ensue.core.conditions.explanation import Explanation
from ensue.core.event import Event
from ensue.core.json import Json, JsonObject
from ensue.core.trigger import EventWhen
from ensue.wire.document_files import printable
from ensue.wire.rule_files import FileRule, condition_of

MAX_VALUE: Final = 200


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a rule did or did not match: what it listens to, and its condition.

    reasons: why the event never came to the condition (another type, another entity, a trigger that is off).
    nearest: the fewest tests that would have had to come out the other way; empty where it matches.
    """

    rule_id: str
    matches: bool
    reasons: tuple[str, ...]
    where: Explanation
    nearest: tuple[Explanation, ...]


def explain_rule(rule: FileRule, event: Event, now: datetime) -> Explained:
    """Why a rule does or does not match an event, decided at `now`. The rule is a condition, not a bare pattern."""
    reasons = tuple(_reasons(rule, event))
    where = explain(condition_of(rule), event, now)
    nearest = () if where.verdict else nearest_miss(where)
    return Explained(rule.rule_id, where.verdict and not reasons, reasons, where, nearest)


def to_json(explained: Explained) -> JsonObject:
    """All of it, for programs."""
    return {
        "id": explained.rule_id,
        "matches": explained.matches,
        "reasons": list(explained.reasons),
        "where": _node_json(explained.where),
        "nearest_miss": [_node_json(test) for test in explained.nearest],
    }


def to_lines(explained: Explained) -> Iterator[str]:
    """All of it as plain text, two spaces a level."""
    yield f"{printable(explained.rule_id)}: {'matches' if explained.matches else 'does not match'}"
    for reason in explained.reasons:
        yield f"  no: {printable(reason)}"
    yield from _node_lines(explained.where, 1)
    if explained.nearest:
        yield "nearest miss: " + " and ".join(miss(test) for test in explained.nearest)


def sentence_of(node: Explanation) -> str:
    """One node in a line: what it asks, and what was there."""
    parts = [node.sentence]
    if node.field is not None and node.actual:
        parts.append(f"actual {actual_of(node)}")
    if node.note is not None:
        parts.append(node.note)
    return printable("; ".join(parts))


def miss(test: Explanation) -> str:
    """A test that would have had to come out the other way."""
    was = f"was {actual_of(test)}" if test.actual else test.note or "was false"
    return printable(f"{test.sentence} ({was})")


def actual_of(node: Explanation) -> str:
    """The values that were there, shortened."""
    text = ", ".join(json.dumps(value, ensure_ascii=False) for value in node.actual)
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}..."


def _reasons(rule: FileRule, event: Event) -> Iterator[str]:
    if not rule.enabled:
        yield "the trigger is not enabled"
    if rule.tenant not in (None, event.tenant):
        yield f"the event is of project {event.tenant}, the trigger of {rule.tenant}"
    when: EventWhen | None = rule.when
    if when is None:
        return
    if event.type not in when.types:
        yield f"the event's type is {event.type or 'not given'}, the trigger listens to {', '.join(when.types)}"
    if when.entity_type not in (None, event.entity_type):
        yield f"the event's entity type is {event.entity_type or 'not given'}, the trigger's {when.entity_type}"


def _node_lines(node: Explanation, level: int) -> Iterator[str]:
    mark = "yes" if node.verdict else "no"
    yield f"{'  ' * level}{mark}: {sentence_of(node)}"
    for member in node.members:
        yield from _node_lines(member, level + 1)


def _node_json(node: Explanation) -> JsonObject:
    members: list[Json] = [_node_json(member) for member in node.members]
    shown: dict[str, Json] = {"kind": node.kind, "verdict": node.verdict, "decided": node.decided}
    shown["sentence"] = node.sentence
    if node.field is not None:
        shown |= {"field": node.field, "operator": node.operator, "wanted": node.wanted, "actual": list(node.actual)}
    if node.quantifier is not None:
        shown["quantifier"] = node.quantifier
    if node.note is not None:
        shown["note"] = node.note
    return {**shown, "members": members} if members else shown
