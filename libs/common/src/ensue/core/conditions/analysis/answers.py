"""Answers about conditions: can it hold, does it always hold, does one imply another, can one event match both?

`no` is proven by a contradiction in every alternative, `yes` by an event that was made up and asked. Everything else is
unknown. Called by `findings`, by the analysis of cycles, and by `ensue check`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from ensue.core.conditions.analysis.effort import Effort, EffortSpent
from ensue.core.conditions.analysis.fields import Path, Possible, possible, sample_values
from ensue.core.conditions.analysis.terms import Term, terms_of
from ensue.core.conditions.fields import DATA
from ensue.core.conditions.match import compile_condition
from ensue.core.conditions.tree import All, Condition, Not
from ensue.core.errors import EnsueError
from ensue.core.event import Event
from ensue.core.json import Json
from ensue.core.lineage import Lineage

_ANYTIME: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_NOBODY: Final = UUID(int=0)


class Answer(StrEnum):
    """Whether something can be so."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """Whether a condition can hold.

    only_with_arrays: it cannot where each field has one value; an event with several in one field may fulfil it.
    """

    answer: Answer
    only_with_arrays: bool = False


_UNDECIDED: Final = Reading(Answer.UNKNOWN)


def could_match(condition: Condition, effort: Effort | None = None) -> Reading:
    """Whether any event can fulfil the condition; unknown where that would cost more than the effort."""
    effort = effort or Effort()
    try:
        terms = terms_of(condition, effort)
        reading = _by_contradiction(terms, effort)
        if terms is None or reading != _UNDECIDED:
            return reading
        return Reading(Answer.YES) if _is_fulfilled(condition, terms, effort) else _UNDECIDED
    except EffortSpent:
        return _UNDECIDED


def contradiction_in(condition: Condition, effort: Effort) -> Reading:
    """Whether it is certain that no event can fulfil the condition; of one that may be fulfilled nothing is said."""
    try:
        return _by_contradiction(terms_of(condition, effort), effort)
    except EffortSpent:
        return _UNDECIDED


def could_both_match(left: Condition, right: Condition) -> Answer:
    """Whether one event can fulfil both."""
    return could_match(All((left, right))).answer


def implies(left: Condition, right: Condition, effort: Effort | None = None) -> bool:
    """Whether it is certain that every event that fulfils `left` fulfils `right`."""
    return left == right or _is_impossible(All((left, Not(right))), effort or Effort())


def always_matches(condition: Condition, effort: Effort | None = None) -> bool:
    """Whether it is certain that every event fulfils the condition."""
    return _is_impossible(Not(condition), effort or Effort())


def _is_impossible(condition: Condition, effort: Effort) -> bool:
    return contradiction_in(condition, effort).answer is Answer.NO


def _by_contradiction(terms: tuple[Term, ...] | None, effort: Effort) -> Reading:
    if terms is None:
        return _UNDECIDED
    best = Possible.NEVER
    for term in terms:
        best = max(best, possible(term, effort))
        if best is Possible.PERHAPS:
            return _UNDECIDED
    return Reading(Answer.NO) if best is Possible.NEVER else Reading(Answer.UNKNOWN, only_with_arrays=True)


def _is_fulfilled(condition: Condition, terms: tuple[Term, ...], effort: Effort) -> bool:
    """Whether an event made up for one of the terms fulfils the condition."""
    try:
        matcher = compile_condition(condition)
        made = (_event_of(values) for term in terms if (values := sample_values(term, effort)) is not None)
        return any(event is not None and matcher(event, _ANYTIME) for event in made)
    except EnsueError:  # an expression without a verdict, or a name that only another context knows
        return False


def _event_of(values: dict[Path, Json]) -> Event | None:
    """An event with these values at these paths; None where two are in each other's way."""
    attributes = {path[0]: value for path, value in values.items() if path[0] != DATA}
    data: Json = {}
    for path, value in sorted((p, v) for p, v in values.items() if p[0] == DATA):
        if len(path) == 1:
            data = value
        elif not isinstance(data, dict) or not _put(data, path[1:], value):
            return None
    if not all(isinstance(value, str) for value in attributes.values()) or not attributes.keys().isdisjoint(
        {"time", "now"}
    ):
        return None
    texts = {name: value for name, value in attributes.items() if isinstance(value, str)}
    return Event(
        event_uid=_NOBODY,
        tenant="default",
        id=texts.get("id", "1"),
        source=texts.get("source", "/"),
        type=texts.get("type", "a"),
        lineage=Lineage(_NOBODY),
        subject=texts.get("subject"),
        entity_type=texts.get("entity_type"),
        data=data,
    )


def _put(document: dict[str, Json], path: Path, value: Json) -> bool:
    for name in path[:-1]:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            return False
        document = inner
    if path[-1] in document:
        return False
    document[path[-1]] = value
    return True
