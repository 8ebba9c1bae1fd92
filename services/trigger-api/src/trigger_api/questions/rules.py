"""Pure answers about triggers: is a document right, how often would it hold, what is too large. Called by `queries`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import NoneType
from typing import Final

from ensue.actions.registry import PARAMS
from ensue.core.conditions.analysis.selectivity import selectivity
from ensue.core.conditions.context import Context
from ensue.core.conditions.english import english
from ensue.core.conditions.tree import ALWAYS, All, Any, Cel, Condition, FieldRef, Not, Pattern, Test
from ensue.core.event import Event
from ensue.core.json import Json, JsonObject
from ensue.matching.indexability import why_not_indexed
from ensue.wire.asked_events import asked_event
from ensue.wire.conditions import parse_condition
from ensue.wire.documents import DocumentInvalid, Fault, ParsedTrigger, parse_trigger
from ensue.wire.faults import Faults
from ensue.wire.oddities import faults_of, faults_of_condition, warnings_of, warnings_of_condition
from ensue.wire.sections import refuse_unstorable
from trigger_api.bodies import too_long_numbers
from trigger_api.problems import TOO_LARGE, FaultModel, Problem, invalid
from trigger_api.questions.models import SampleCounts, ValidationAnswer
from trigger_api.triggers.drafts import FOREIGN_PROJECT, Neighbour, known_of
from trigger_api.triggers.models import TriggerWarning
from trigger_api.triggers.sentences import sentences_about

SAMPLES: Final = "samples"
WHERE: Final = "where"
MAX_SAMPLES: Final = 100
MAX_LOOKS: Final = 2_000_000
_CHARACTERS: Final = 1000  # that one look reads
_SINGLE: Final = frozenset({bool, int, float, NoneType})


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that was read. trigger: None for a condition alone. unindexed: why no index leads to it."""

    where: Condition
    trigger: ParsedTrigger | None
    unindexed: str | None


def check(document: JsonObject, tenant: str, context: Context) -> Checked:
    """Read a trigger, or a condition alone (`{"where": ...}`); DocumentInvalid has all that is wrong with it."""
    wrong = list(too_long_numbers(document))
    if wrong:
        raise DocumentInvalid(wrong)
    if document.keys() == {WHERE}:
        where, parsed = _condition(document[WHERE], context), None
        wrong = faults_of_condition(where)
    else:
        parsed = parse_trigger(document, action_params=PARAMS, context=context)
        where = parsed.where
        wrong = faults_of(parsed)
        if parsed.project not in (None, tenant):
            wrong.append(FOREIGN_PROJECT)
    if wrong:
        raise DocumentInvalid(wrong)
    return Checked(where, parsed, why_not_indexed(where))


def refused(faults: Iterable[Fault]) -> ValidationAnswer:
    """The answer about a document that would not be saved."""
    errors = [FaultModel(pointer=each.pointer, message=each.message, expected=each.expected) for each in faults]
    return ValidationAnswer(
        valid=False, errors=errors, warnings=[], english=None, sentence=None, unindexed=None, samples=None
    )


def approved(checked: Checked, neighbours: Sequence[Neighbour], samples: SampleCounts | None) -> ValidationAnswer:
    """The answer about one that would be."""
    if checked.trigger is None:
        warnings, sentence = warnings_of_condition(checked.where, why_not_indexed), None
    else:
        kept = replace(checked.trigger, project=None)  # as the neighbours are
        warnings = warnings_of(kept, known_of(neighbours), why_not_indexed)
        sentence = sentences_about(checked.trigger).whole
    return ValidationAnswer(
        valid=True,
        errors=[],
        warnings=[TriggerWarning(pointer=each.pointer, message=each.message) for each in warnings],
        english=english(checked.where),
        sentence=sentence,
        unindexed=checked.unindexed,
        samples=samples,
    )


def samples_of(value: Json, tenant: str) -> list[Event]:
    """The sample events of a question; a Problem (400) with all that is wrong with them."""
    if not isinstance(value, (list, tuple)) or len(value) > MAX_SAMPLES:
        raise invalid([Fault(f"/{SAMPLES}", "is not a list of events", f"at most {MAX_SAMPLES} events")])
    faults = Faults()
    events = [asked_event(each, tenant, faults, f"/{SAMPLES}/{index}") for index, each in enumerate(value)]
    if len(faults):
        faults.raise_any()
    return [event for event in events if event is not None]


def counted(checked: Checked, samples: Sequence[Event], now: datetime, context: Context) -> SampleCounts:
    """How many of the samples the condition takes, decided at `now`."""
    when = None if checked.trigger is None else checked.trigger.when
    heard = [event for event in samples if when is None or when.admits(event)]
    found = selectivity(checked.where, heard, now, context)
    return SampleCounts(
        events=len(samples),
        heard=found.asked,
        matched=found.taken,
        failed=found.failed,
        selectivity=found.estimate,
    )


def require_bounded(where: Condition, events: Sequence[Event]) -> None:
    """A Problem (413) where a condition and its events are too large together to be answered here."""
    looks = sum(looks_of(where, _size(event.data)) for event in events)
    if looks > MAX_LOOKS:
        detail = (
            "The condition and the data are too large together; `ensue explain` does it on files, without a server."
        )
        raise Problem(TOO_LARGE, detail)


def looks_of(condition: Condition, size: int) -> int:
    """About how many values are looked at, at most, to decide a condition about data of a size."""
    match condition:
        case Test():
            return size * size if isinstance(condition.value, FieldRef) else size
        case All(members) | Any(members):
            return sum(looks_of(member, size) for member in members)
        case Not(member):
            return looks_of(member, size)
        case Pattern(document):
            return size * _size(document)
        case Cel(source):
            return size + len(source)


def _size(value: Json) -> int:
    """How many values a value consists of; a long text counts as several."""
    count, waiting = 1, [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            count += len(each) // _CHARACTERS
        elif isinstance(each, (Mapping, list, tuple)):
            count += len(each)
            members = each.values() if isinstance(each, Mapping) else each
            waiting.extend(member for member in members if member.__class__ not in _SINGLE)
    return count


def _condition(value: Json, context: Context) -> Condition:
    if value is None or value == {}:  # as in a trigger: no condition
        return ALWAYS
    faults = Faults()
    refuse_unstorable(value, faults, f"/{WHERE}")
    faults.raise_any()
    condition = parse_condition(value, f"/{WHERE}", faults, context)
    faults.raise_any()
    return condition
