"""A trigger in words: its condition as a sentence, and the whole of it as another. Pure.

Called by `models` and `questions`. Of a kept document that this version cannot read there
are no sentences, and it is shown all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import ValidationError

from ensue.actions.registry import KINDS
from ensue.core.conditions.english import english
from ensue.core.conditions.tree import ALWAYS, Any, Condition
from ensue.core.json import JsonObject
from ensue.core.trigger import ActionSpec, EventWhen, Mode, Then
from ensue.wire.documents import DocumentInvalid, ParsedTrigger, parse_trigger

MOST_CLAUSE: Final = 500
MOST_LISTED: Final = 5
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))


@dataclass(frozen=True, slots=True)
class Sentences:
    """condition: what `where` asks, without a full stop. whole: the trigger, from its cause to its actions."""

    condition: str | None = None
    whole: str | None = None


def sentences_of(document: JsonObject) -> Sentences:
    """The sentences of a document that is kept."""
    try:
        parsed = parse_trigger(document, action_params=None, context=None)
    except DocumentInvalid:
        return Sentences()
    return sentences_about(parsed)


def sentences_about(parsed: ParsedTrigger) -> Sentences:
    """The sentences of a trigger."""
    condition = english(parsed.where)
    asked = _asked(parsed.where, condition)
    wait = f"waits {_span(parsed.delay)}, then " if parsed.delay else ""
    return Sentences(condition, f"When {_cause(parsed.when)} arrives{asked}, Ensue {wait}{_actions(parsed.then)}.")


def _cause(when: EventWhen) -> str:
    types = list(when.types[:MOST_LISTED])
    if len(when.types) > MOST_LISTED:
        types.append(f"{len(when.types) - MOST_LISTED} more types")
    named = _joined(types, ", ", " or ")
    return named if when.entity_type is None else f"{named} (entity type {when.entity_type})"


def _asked(where: Condition, condition: str) -> str:
    if where == ALWAYS:
        return ""
    if len(condition) > MOST_CLAUSE:
        return " and its condition holds"
    condition = " ".join(condition.splitlines())  # an expression may have several
    grouped = isinstance(where, Any) and len(where.members) > 1
    return f" and ({condition})" if grouped else f" and {condition}"


def _actions(then: Then) -> str:
    clauses = [_clipped(_clause(action)) for action in then.actions[:MOST_LISTED]]
    if len(then.actions) > MOST_LISTED:
        clauses.append(f"runs {len(then.actions) - MOST_LISTED} more actions")
    if then.mode is Mode.SEQUENTIAL:
        return ", then ".join(clauses)
    together = " at the same time" if len(clauses) > 1 else ""
    return _joined(clauses, ", ", " and ") + together


def _clause(action: ActionSpec) -> str:
    kind = KINDS.get(action.kind)
    if kind is None:
        return f"runs {action.kind}"
    try:
        return str(kind.english(kind.params.model_validate(action.params)))
    except ValidationError:  # parameters of another version of this kind
        return f"runs {action.kind}"


def _clipped(text: str) -> str:
    """On one line, and no longer than people read."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_CLAUSE else f"{line[:MOST_CLAUSE]}..."


def _joined(words: Sequence[str], comma: str, last: str) -> str:
    return words[0] if len(words) == 1 else comma.join(words[:-1]) + last + words[-1]


def _span(delay: timedelta) -> str:
    """A duration as people say it: "1 hour 30 minutes"."""
    left = delay.total_seconds()
    parts: list[str] = []
    for name, seconds in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(_counted(count, name))
    if left or not parts:
        parts.append(_counted(left, "second"))
    return " ".join(parts)


def _counted(count: float, noun: str) -> str:
    return f"{count:g} {noun}" if count == 1 else f"{count:g} {noun}s"
