"""Ruleset: the triggers and calendars in force, immutable, cheap to succeed. Built by the evaluator, read by `decide`.

Which triggers an event concerns is asked in one place, `rules_for`; `ensue.matching.triggers` answers it by an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias
from uuid import UUID

from ensue.core.calendars import Calendar, CalendarId, CalendarRemoval
from ensue.core.event import Event
from ensue.core.fingerprint import moved, text_of, worded
from ensue.core.rule import Rule, TriggerNumber, made_anew
from ensue.core.rule_order import Key, SortedRules, by_key
from ensue.core.sharded_map import ShardedMap
from ensue.core.trigger import Trigger

__all__ = ["Change", "Identity", "Removal", "Rule", "Rulebook", "Ruleset", "TriggerNumber"]


@dataclass(frozen=True, slots=True)
class Removal:
    """A trigger was deleted; `revision` is the deletion's. Remembered, so that an older record cannot revive it."""

    trigger_id: UUID
    tenant: str
    revision: int


Change: TypeAlias = Trigger | Removal | Calendar | CalendarRemoval
Identity: TypeAlias = UUID | CalendarId


class Rulebook(Protocol):
    """What `decide` asks: a Ruleset, or one with an index over its conditions."""

    @property
    def fingerprint(self) -> str:
        """Names the contents."""

    def rules_for(self, event: Event) -> Sequence[Rule]:
        """Every rule that the event may match, perhaps more, in order of (sort_order, created_at, trigger_id)."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The newest revision known of each trigger and of each calendar.

    fingerprint: the same for the same (trigger, revision) and (calendar, revision) pairs, in whatever order they came.
    lacking: the numbers of the triggers that name a calendar which nobody has.
    """

    _newest: ShardedMap[Rule | Removal]
    _by_type: dict[Key, SortedRules]
    _calendars: dict[CalendarId, Calendar | CalendarRemoval]
    _digest: int
    _count: int
    lacking: frozenset[TriggerNumber] = frozenset()

    @classmethod
    def empty(cls) -> Ruleset:
        """A ruleset that knows nothing."""
        return cls(ShardedMap(), {}, {}, 0, 0)

    def __len__(self) -> int:
        return self._count

    @property
    def fingerprint(self) -> str:
        """Names the contents: triggers and calendars, each with its revision; deleted ones leave no trace in it."""
        return text_of(self._digest)

    def revision_of(self, identity: Identity) -> int | None:
        """The newest revision known, that of a deletion included; None for what was never heard of."""
        if isinstance(identity, CalendarId):
            calendar = self._calendars.get(identity)
            return None if calendar is None else calendar.revision
        known = self._newest.get(identity.int)
        return None if known is None else _revision(known)

    def apply(self, changes: Iterable[Change]) -> Ruleset:
        """The ruleset after `changes`; each counts only if its revision is newer than what is known."""
        offered = list(changes)
        calendars = self._newer_calendars(offered)
        triggers = self._newer_triggers(offered)
        if not calendars and not triggers:
            return self
        whole = {**self._calendars, **calendars} if calendars else self._calendars
        made: dict[TriggerNumber, Rule | Removal] = {
            i: change if isinstance(change, Removal) else Rule.of(change, whole) for i, change in triggers.items()
        }
        after = self._with_triggers(made) if made else self
        return after._with_calendars(whole, calendars) if calendars else after

    def rules_for(self, event: Event) -> Sequence[Rule]:
        """The rules that listen to an event's tenant and type, in order of (sort_order, created_at, trigger_id)."""
        found = self._by_type.get(event.tenant_and_type)
        return () if found is None else found.whole()

    def rule_of(self, number: TriggerNumber) -> Rule | None:
        """The rule of a trigger that is there, by the number of its id."""
        known = self._newest.get(number)
        return known if isinstance(known, Rule) else None

    def rules_of(self, tenant: str, event_type: str) -> SortedRules:
        """The rules that listen to a tenant's events of a type, in order."""
        return self._by_type.get((tenant, event_type), SortedRules())

    def candidates(self, event: Event) -> Sequence[Trigger]:
        """The triggers that listen to this event (tenant, type, entity), in the order in which they fire."""
        return [rule.trigger for rule in self.rules_for(event) if rule.trigger.when.admits(event)]

    def _newer_triggers(self, offered: Iterable[Change]) -> dict[TriggerNumber, Trigger | Removal]:
        newer: dict[TriggerNumber, Trigger | Removal] = {}
        for change in offered:
            if isinstance(change, (Trigger, Removal)):
                number = change.trigger_id.int
                known = newer.get(number) or self._newest.get(number)
                if known is None or _revision(known) < change.revision:
                    newer[number] = change
        return newer

    def _newer_calendars(self, offered: Iterable[Change]) -> dict[CalendarId, Calendar | CalendarRemoval]:
        newer: dict[CalendarId, Calendar | CalendarRemoval] = {}
        for change in offered:
            if isinstance(change, (Calendar, CalendarRemoval)):
                known = newer.get(change.calendar_id) or self._calendars.get(change.calendar_id)
                if known is None or known.revision < change.revision:
                    newer[change.calendar_id] = change
        return newer

    def _with_triggers(self, made: Mapping[TriggerNumber, Rule | Removal]) -> Ruleset:
        before = {i: rule for i in made if isinstance(rule := self._newest.get(i), Rule)}
        after = {i: rule for i, rule in made.items() if isinstance(rule, Rule)}
        lacking = {i for i, rule in after.items() if rule.calendars and rule.lacks}
        return replace(
            self,
            _newest=self._newest.changed(made),
            _by_type=self._reindexed(before.values(), after.values()),
            _digest=moved(self._digest, map(worded, before.values()), map(worded, after.values())),
            _count=self._count - len(before) + len(after),
            lacking=self.lacking - made.keys() | lacking if self.lacking or lacking else self.lacking,
        )

    def _with_calendars(
        self,
        whole: dict[CalendarId, Calendar | CalendarRemoval],
        changed: Mapping[CalendarId, Calendar | CalendarRemoval],
    ) -> Ruleset:
        """The rules that ask one of `changed` are made anew, so that whoever holds an older ruleset keeps it."""
        anew = dict(made_anew(self._users(changed), whole))
        index = {key: self._by_type[key].replaced(rules) for key, rules in by_key(anew.values()).items()}
        before = (known for i in changed if isinstance(known := self._calendars.get(i), Calendar))
        after = (calendar for calendar in changed.values() if isinstance(calendar, Calendar))
        return replace(
            self,
            _newest=self._newest.changed(anew),
            _by_type={**self._by_type, **index},
            _calendars=whole,
            _digest=moved(self._digest, map(worded, before), map(worded, after)),
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

    def _reindexed(self, before: Iterable[Rule], after: Iterable[Rule]) -> dict[Key, SortedRules]:
        leaving, joining = by_key(before), by_key(after)
        index = self._by_type.copy()
        for key in leaving.keys() | joining.keys():
            rules = index.get(key, SortedRules()).changed(leaving.get(key, ()), joining.get(key, ()))
            if rules.chunks:
                index[key] = rules
            else:
                index.pop(key, None)
        return index


def _revision(known: Rule | Trigger | Removal) -> int:
    return known.trigger.revision if isinstance(known, Rule) else known.revision
