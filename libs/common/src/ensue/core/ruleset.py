"""Ruleset: the triggers and calendars in force, immutable, cheap to succeed. Built by the evaluator, read by `decide`.

Which triggers an event concerns is asked in one place, `rules_for`; `ensue.matching.triggers` answers it by an index.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from ensue.core.calendars import Calendar, CalendarId, CalendarRemoval, calendars_of
from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.leaf import Matcher
from ensue.core.conditions.match import compile_condition
from ensue.core.event import Event
from ensue.core.instants import floor_to_millisecond
from ensue.core.trigger import Trigger

_FINGERPRINT_BYTES: Final = 16
_FEW: Final = 32  # up to so many changes of one type are put in their places, more are sorted in
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Removal:
    """A trigger was deleted; `revision` is the deletion's. Remembered, so that an older record cannot revive it."""

    trigger_id: UUID
    tenant: str
    revision: int


Change: TypeAlias = Trigger | Removal | Calendar | CalendarRemoval
Identity: TypeAlias = UUID | CalendarId
_Calendars: TypeAlias = Mapping[CalendarId, Calendar | CalendarRemoval]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A trigger made ready: its condition with the calendars in force, `active_since` as precise as append times.

    matches: compiled when it is first asked for: of many triggers few are ever asked about an event. A condition that
        cannot be compiled becomes a matcher that raises: it errs alone, when it is asked.
    lacks: the calendars that it names and nobody has; asked, it errs.
    """

    trigger: Trigger
    active_since: datetime
    rank: tuple[int, datetime, UUID]
    context: Context = NO_CONTEXT
    calendars: frozenset[str] = frozenset()
    matches: Matcher = field(init=False, repr=False)

    @classmethod
    def of(cls, trigger: Trigger, calendars: _Calendars | None = None) -> Rule:
        """The rule of a trigger, given all calendars there are."""
        names = calendars_of(trigger.where)
        return cls(
            trigger,
            floor_to_millisecond(trigger.active_since),
            (trigger.sort_order, trigger.created_at or _EARLIEST, trigger.trigger_id),
            _context(trigger.tenant, names, calendars or {}) if names else NO_CONTEXT,
            names,
        )

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


class Rulebook(Protocol):
    """What `decide` asks: a Ruleset, or one with an index over its conditions."""

    @property
    def fingerprint(self) -> str:
        """Names the contents."""

    def rules_for(self, event: Event) -> Sequence[Rule]:
        """Every rule that the event may match, perhaps more, in order of (sort_order, created_at, trigger_id)."""


_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The newest revision known of each trigger and of each calendar.

    fingerprint: the same for the same (trigger, revision) and (calendar, revision) pairs, in whatever order they came.
    lacking: the triggers that name a calendar which nobody has.
    """

    _newest: dict[UUID, Rule | Removal]
    _by_type: dict[_Key, tuple[Rule, ...]]
    _calendars: dict[CalendarId, Calendar | CalendarRemoval]
    _digest: int
    _count: int
    lacking: frozenset[UUID] = frozenset()

    @classmethod
    def empty(cls) -> Ruleset:
        """A ruleset that knows nothing."""
        return cls({}, {}, {}, 0, 0)

    def __len__(self) -> int:
        return self._count

    @property
    def fingerprint(self) -> str:
        """Names the contents: triggers and calendars, each with its revision; deleted ones leave no trace in it."""
        return self._digest.to_bytes(_FINGERPRINT_BYTES, "big").hex()

    def revision_of(self, identity: Identity) -> int | None:
        """The newest revision known, that of a deletion included; None for what was never heard of."""
        if isinstance(identity, CalendarId):
            calendar = self._calendars.get(identity)
            return None if calendar is None else calendar.revision
        known = self._newest.get(identity)
        return None if known is None else _revision(known)

    def apply(self, changes: Iterable[Change]) -> Ruleset:
        """The ruleset after `changes`; each counts only if its revision is newer than what is known."""
        offered = list(changes)
        calendars = self._newer_calendars(offered)
        triggers = self._newer_triggers(offered)
        if not calendars and not triggers:
            return self
        whole = {**self._calendars, **calendars} if calendars else self._calendars
        made: dict[UUID, Rule | Removal] = {
            i: change if isinstance(change, Removal) else Rule.of(change, whole) for i, change in triggers.items()
        }
        after = self._with_triggers(made) if made else self
        return after._with_calendars(whole, calendars) if calendars else after

    def rules_for(self, event: Event) -> Sequence[Rule]:
        """The rules that listen to an event's tenant and type, in order of (sort_order, created_at, trigger_id)."""
        return self._by_type.get(event.tenant_and_type, ())

    def rule_of(self, trigger_id: UUID) -> Rule | None:
        """The rule of a trigger that is there."""
        known = self._newest.get(trigger_id)
        return known if isinstance(known, Rule) else None

    def rules_of(self, tenant: str, event_type: str) -> Sequence[Rule]:
        """The rules that listen to a tenant's events of a type, in order."""
        return self._by_type.get((tenant, event_type), ())

    def listened(self) -> Iterable[tuple[str, str]]:
        """The tenants and types that some rule listens to."""
        return self._by_type.keys()

    def candidates(self, event: Event) -> Sequence[Trigger]:
        """The triggers that listen to this event (tenant, type, entity), in the order in which they fire."""
        return [rule.trigger for rule in self.rules_for(event) if rule.trigger.when.admits(event)]

    def _newer_triggers(self, offered: Iterable[Change]) -> dict[UUID, Trigger | Removal]:
        newer: dict[UUID, Trigger | Removal] = {}
        for change in offered:
            if isinstance(change, (Trigger, Removal)):
                known = newer.get(change.trigger_id) or self._newest.get(change.trigger_id)
                if known is None or _revision(known) < change.revision:
                    newer[change.trigger_id] = change
        return newer

    def _newer_calendars(self, offered: Iterable[Change]) -> dict[CalendarId, Calendar | CalendarRemoval]:
        newer: dict[CalendarId, Calendar | CalendarRemoval] = {}
        for change in offered:
            if isinstance(change, (Calendar, CalendarRemoval)):
                known = newer.get(change.calendar_id) or self._calendars.get(change.calendar_id)
                if known is None or known.revision < change.revision:
                    newer[change.calendar_id] = change
        return newer

    def _with_triggers(self, made: Mapping[UUID, Rule | Removal]) -> Ruleset:
        before = {i: rule for i in made if isinstance(rule := self._newest.get(i), Rule)}
        after = {i: rule for i, rule in made.items() if isinstance(rule, Rule)}
        lacking = {i for i, rule in after.items() if rule.calendars and rule.lacks}
        return replace(
            self,
            _newest={**self._newest, **made},
            _by_type=self._reindexed(before, after),
            _digest=_moved(self._digest, map(_worded, before.values()), map(_worded, after.values())),
            _count=self._count - len(before) + len(after),
            lacking=self.lacking - made.keys() | lacking if self.lacking or lacking else self.lacking,
        )

    def _with_calendars(
        self,
        whole: dict[CalendarId, Calendar | CalendarRemoval],
        changed: Mapping[CalendarId, Calendar | CalendarRemoval],
    ) -> Ruleset:
        """The rules that ask one of `changed` are made anew, so that whoever holds an older ruleset keeps it."""
        anew = dict(_made_anew(self._users(changed), whole))
        index = {key: _replaced(self._by_type[key], rules) for key, rules in _by_key(anew.values()).items()}
        before = (known for i in changed if isinstance(known := self._calendars.get(i), Calendar))
        after = (calendar for calendar in changed.values() if isinstance(calendar, Calendar))
        return replace(
            self,
            _newest={**self._newest, **anew},
            _by_type={**self._by_type, **index},
            _calendars=whole,
            _digest=_moved(self._digest, map(_worded, before), map(_worded, after)),
            lacking=self.lacking - anew.keys() | {i for i, rule in anew.items() if rule.lacks},
        )

    def _users(self, calendars: Iterable[CalendarId]) -> Iterator[Rule]:
        """The rules that ask one of these."""
        names: dict[str, set[str]] = {}
        for tenant, name in calendars:
            names.setdefault(tenant, set()).add(name)
        for rule in self._newest.values():
            if not isinstance(rule, Rule) or not rule.calendars:
                continue
            if not rule.calendars.isdisjoint(names.get(rule.trigger.tenant, ())):
                yield rule

    def _reindexed(self, before: Mapping[UUID, Rule], after: Mapping[UUID, Rule]) -> dict[_Key, tuple[Rule, ...]]:
        leaving, joining = _by_key(before.values()), _by_key(after.values())
        index = self._by_type.copy()
        for key in leaving.keys() | joining.keys():
            rules = _changed(index.get(key, ()), leaving.get(key, ()), joining.get(key, ()))
            if rules:
                index[key] = rules
            else:
                index.pop(key, None)
        return index


_rank = attrgetter("rank")


def _changed(rules: Sequence[Rule], leaving: Sequence[Rule], joining: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules in order, some of them gone and some come; a rank is one trigger's alone."""
    if len(leaving) + len(joining) > _FEW:
        gone = {rule.trigger.trigger_id for rule in leaving}
        kept = [rule for rule in rules if rule.trigger.trigger_id not in gone] if gone else list(rules)
        kept.extend(joining)
        kept.sort(key=_rank)
        return tuple(kept)
    kept = list(rules)
    for rule in leaving:
        del kept[bisect_left(kept, rule.rank, key=_rank)]
    for rule in joining:
        insort(kept, rule, key=_rank)
    return tuple(kept)


def _replaced(rules: Sequence[Rule], anew: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules, some of them made anew; each keeps its place."""
    if len(anew) > _FEW:
        made = {rule.trigger.trigger_id: rule for rule in anew}
        return tuple(made.get(rule.trigger.trigger_id, rule) for rule in rules)
    kept = list(rules)
    for rule in anew:
        kept[bisect_left(kept, rule.rank, key=_rank)] = rule
    return tuple(kept)


def _by_key(rules: Iterable[Rule]) -> dict[_Key, list[Rule]]:
    index: dict[_Key, list[Rule]] = {}
    for rule in rules:
        for event_type in dict.fromkeys(rule.trigger.when.types):
            index.setdefault((rule.trigger.tenant, event_type), []).append(rule)
    return index


def _made_anew(rules: Iterable[Rule], calendars: _Calendars) -> Iterator[tuple[UUID, Rule]]:
    contexts: dict[tuple[str, frozenset[str]], Context] = {}
    for rule in rules:
        asked = (rule.trigger.tenant, rule.calendars)
        if asked not in contexts:
            contexts[asked] = _context(*asked, calendars)
        made = Rule(rule.trigger, rule.active_since, rule.rank, contexts[asked], rule.calendars)
        yield rule.trigger.trigger_id, made


def _worded(known: Rule | Calendar) -> str:
    """What the fingerprint says of it."""
    if isinstance(known, Calendar):
        return f"{'/'.join(known.calendar_id)}@{known.revision}"
    return f"{known.trigger.trigger_id}@{known.trigger.revision}"


def _moved(digest: int, gone: Iterable[str], come: Iterable[str]) -> int:
    """A digest is a sum of hashes: it does not depend on order, and a part of it can be taken out again."""
    return (digest - sum(map(_hash, gone)) + sum(map(_hash, come))) % (1 << 8 * _FINGERPRINT_BYTES)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=_FINGERPRINT_BYTES).digest(), "big")


def _revision(known: Rule | Trigger | Removal) -> int:
    return known.trigger.revision if isinstance(known, Rule) else known.revision


def _context(tenant: str, names: frozenset[str], calendars: _Calendars) -> Context:
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
