"""What is odd about a trigger that can be read: conditions that never or always hold, and triggers that others cover.

Called by `ensue check` and by trigger-api, at a save and when it is asked. Pointers lead into the trigger's document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ensue.core.conditions.analysis.answers import always_matches, implies
from ensue.core.conditions.analysis.effort import Effort
from ensue.core.conditions.analysis.findings import (
    Finding,
    Level,
    Why,
    findings_of,
    never_true,
)
from ensue.core.conditions.analysis.selectivity import selectivity
from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.tree import ALWAYS, All, Condition, Test
from ensue.core.event import Event
from ensue.core.trigger import EventWhen
from ensue.wire.documents import ParsedTrigger
from ensue.wire.faults import Fault
from ensue.wire.sample_events import event_of, read_events

MAX_COMPARED: Final = 200
WHERE: Final = "/where"


@dataclass(frozen=True, slots=True)
class Known:
    """A trigger that was read before, with the name it goes by in messages."""

    name: str
    trigger: ParsedTrigger


@dataclass(frozen=True, slots=True)
class Samples:
    """Sample events, and the instant at which those without a time are decided."""

    events: Sequence[Event]
    now: datetime

    @classmethod
    def read(cls, path: Path, content: bytes, now: datetime) -> Samples:
        """The events of a file; EventsInvalid where it cannot be read."""
        return cls([event_of(sample.document) for sample in read_events(path, content)], now)


def faults_of(trigger: ParsedTrigger) -> list[Fault]:
    """What makes a trigger useless: no event that it listens to could ever match it."""
    return faults_of_condition(trigger.where, _heard(trigger.when))


def faults_of_condition(condition: Condition, given: Condition = ALWAYS) -> list[Fault]:
    """The same for a condition alone; `given` as in `findings`."""
    finding = never_true(condition, given=given)
    return [] if finding is None else [_fault(finding)]


def warnings_of(trigger: ParsedTrigger, others: Sequence[Known], why: Why | None = None) -> list[Fault]:
    """What somebody should look at: oddities of its condition, and triggers that cover it. `why`: as in `findings`."""
    odd = warnings_of_condition(trigger.where, why, _heard(trigger.when))
    return [*odd, *_covered(trigger, others[-MAX_COMPARED:])]


def warnings_of_condition(condition: Condition, why: Why | None = None, given: Condition = ALWAYS) -> list[Fault]:
    """The oddities of a condition alone; `given` as in `findings`."""
    found = findings_of(condition, why=why, given=given)
    return [_fault(finding) for finding in found if finding.level is Level.WARNING]


def _heard(when: EventWhen) -> Condition:
    """What is true of every event that a trigger listens to."""
    types = Test(("type",), "in", list(when.types))
    return types if when.entity_type is None else All((types, Test(("entity_type",), "eq", when.entity_type)))


def frequency_of(trigger: ParsedTrigger, samples: Samples, context: Context = NO_CONTEXT) -> str:
    """For how many of the sample events the trigger would fire."""
    heard = [event for event in samples.events if trigger.when.admits(event)]
    counted = selectivity(trigger.where, heard, samples.now, context)
    message = f"fires for {counted.taken} of {len(samples.events)} sample events, {len(heard)} of which it listens to"
    return f"{message}; {counted.failed} gave no verdict" if counted.failed else message


def _fault(finding: Finding) -> Fault:
    return Fault(f"{WHERE}{finding.pointer}", finding.message)


def _covered(trigger: ParsedTrigger, others: Sequence[Known]) -> Iterator[Fault]:
    effort = Effort()
    for known in others:
        other = known.trigger
        if other.project != trigger.project or other.when.entity_type != trigger.when.entity_type:
            continue
        mine, theirs = set(trigger.when.types), set(other.when.types)
        if not mine <= theirs or not implies(trigger.where, other.where, effort):
            continue
        if always_matches(other.where, effort):  # it takes every event, and covers whatever is written
            continue
        if mine == theirs and implies(other.where, trigger.where, effort):
            yield Fault(WHERE, f"is true for the same events as that of {known.name}")
        else:
            yield Fault(WHERE, f"is true only where that of {known.name} is too")
