"""Rule: a trigger made ready to be asked about events. Made by `ruleset`, asked by `decide`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeAlias

from ensue.core.calendars import Calendar, CalendarId, CalendarRemoval, calendars_of
from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.leaf import Matcher
from ensue.core.conditions.match import compile_condition
from ensue.core.event import Event
from ensue.core.instants import floor_to_millisecond
from ensue.core.trigger import Trigger

Calendars: TypeAlias = Mapping[CalendarId, Calendar | CalendarRemoval]
TriggerNumber: TypeAlias = int
"""A trigger's id as an integer: Python hashes and compares a UUID ten times as slowly."""

Rank: TypeAlias = tuple[int, datetime, TriggerNumber]
"""sort_order, created_at, number: rules fire in the order of their ranks."""

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A trigger made ready: its condition with the calendars in force, `active_since` as precise as append times.

    matches: compiled when it is first asked for: of many triggers few are ever asked about an event. A condition that
        cannot be compiled becomes a matcher that raises: it errs alone, when it is asked.
    lacks: the calendars that it names and nobody has; asked, it errs.
    """

    trigger: Trigger
    active_since: datetime
    rank: Rank
    context: Context = NO_CONTEXT
    calendars: frozenset[str] = frozenset()
    matches: Matcher = field(init=False, repr=False)

    @classmethod
    def of(cls, trigger: Trigger, calendars: Calendars | None = None) -> Rule:
        """The rule of a trigger, given all calendars there are."""
        names = calendars_of(trigger.where)
        return cls(
            trigger,
            floor_to_millisecond(trigger.active_since),
            (trigger.sort_order, trigger.created_at or _EARLIEST, trigger.trigger_id.int),
            _context(trigger.tenant, names, calendars or {}) if names else NO_CONTEXT,
            names,
        )

    @property
    def number(self) -> TriggerNumber:
        """The trigger's."""
        return self.rank[2]

    @property
    def lacks(self) -> frozenset[str]:
        """The names without a calendar."""
        return self.calendars - self.context.calendars.keys()

    def __getattr__(self, name: str) -> Matcher:
        """Called for what is not there yet, which is `matches` alone."""
        if name != "matches":
            raise AttributeError(name)
        matcher = _matcher_of(self.trigger, self.context)
        object.__setattr__(self, "matches", matcher)
        return matcher


def made_anew(rules: Iterable[Rule], calendars: Calendars) -> Iterator[tuple[TriggerNumber, Rule]]:
    """The rules with the calendars that there are now, by their numbers."""
    contexts: dict[tuple[str, frozenset[str]], Context] = {}
    for rule in rules:
        asked = (rule.trigger.tenant, rule.calendars)
        if asked not in contexts:
            contexts[asked] = _context(*asked, calendars)
        made = Rule(rule.trigger, rule.active_since, rule.rank, contexts[asked], rule.calendars)
        yield rule.number, made


def _context(tenant: str, names: frozenset[str], calendars: Calendars) -> Context:
    found = {name: calendars.get(CalendarId(tenant, name)) for name in names}
    return Context({name: known.dates for name, known in found.items() if isinstance(known, Calendar)})


def _matcher_of(trigger: Trigger, context: Context) -> Matcher:
    try:
        return compile_condition(trigger.where, context)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with one condition harms its own trigger only
        failure = error

    def raise_failure(_event: Event, _now: datetime) -> bool:
        raise failure.with_traceback(None)  # else it would remember every event that it was ever raised for

    return raise_failure
