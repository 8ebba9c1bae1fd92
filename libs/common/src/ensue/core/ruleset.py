"""Ruleset: the triggers in force, immutable, cheap to succeed. Built by the evaluator, read by `decide`.

Which triggers an event concerns is asked in one place, `rules_for`; `ensue.matching.triggers` answers it by an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Protocol
from uuid import UUID

from ensue.core.conditions.leaf import Matcher
from ensue.core.conditions.match import compile_condition
from ensue.core.event import Event
from ensue.core.instants import floor_to_millisecond
from ensue.core.trigger import Trigger

_FINGERPRINT_BYTES = 16
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Removal:
    """A trigger was deleted; `revision` is the deletion's. Remembered, so that an older record cannot revive it."""

    trigger_id: UUID
    tenant: str
    revision: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A trigger made ready: its condition compiled, `active_since` at the precision of append times."""

    trigger: Trigger
    matches: Matcher
    active_since: datetime
    rank: tuple[int, datetime, UUID]

    @classmethod
    def of(cls, trigger: Trigger) -> Rule:
        """A condition that cannot be compiled becomes a matcher that raises: it errs alone, when it is asked."""
        return cls(
            trigger=trigger,
            matches=_matcher_of(trigger),
            active_since=floor_to_millisecond(trigger.active_since),
            rank=(trigger.sort_order, trigger.created_at or _EARLIEST, trigger.trigger_id),
        )


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
    """The newest revision known of each trigger.

    fingerprint: the same for the same (trigger, revision) pairs, in whatever order they came.
    """

    _newest: dict[UUID, Rule | Removal]
    _by_type: dict[_Key, tuple[Rule, ...]]
    _digest: int
    _count: int

    @classmethod
    def empty(cls) -> Ruleset:
        """A ruleset that knows nothing."""
        return cls({}, {}, 0, 0)

    def __len__(self) -> int:
        return self._count

    @property
    def fingerprint(self) -> str:
        """Names the contents: triggers that are there, each with its revision; deleted ones leave no trace in it."""
        return self._digest.to_bytes(_FINGERPRINT_BYTES, "big").hex()

    def revision_of(self, trigger_id: UUID) -> int | None:
        """The newest revision known, that of a deletion included; None for a trigger never heard of."""
        known = self._newest.get(trigger_id)
        return None if known is None else _revision(known)

    def apply(self, changes: Iterable[Trigger | Removal]) -> Ruleset:
        """The ruleset after `changes`; each counts only if its revision is newer than what is known."""
        newest = self._newest.copy()
        touched: dict[UUID, None] = {}
        for change in changes:
            known = newest.get(change.trigger_id)
            if known is None or _revision(known) < change.revision:
                newest[change.trigger_id] = change if isinstance(change, Removal) else Rule.of(change)
                touched[change.trigger_id] = None
        return self._successor(newest, touched) if touched else self

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

    def candidates(self, event: Event) -> Sequence[Trigger]:
        """The triggers that listen to this event (tenant, type, entity), in the order in which they fire."""
        return [rule.trigger for rule in self.rules_for(event) if rule.trigger.when.admits(event)]

    def _successor(self, newest: dict[UUID, Rule | Removal], touched: Iterable[UUID]) -> Ruleset:
        before = {i: rule for i in touched if isinstance(rule := self._newest.get(i), Rule)}
        after = {i: rule for i in touched if isinstance(rule := newest[i], Rule)}
        return Ruleset(
            newest,
            self._reindexed(before, after),
            (self._digest - _digest_of(before) + _digest_of(after)) % (1 << 8 * _FINGERPRINT_BYTES),
            self._count - len(before) + len(after),
        )

    def _reindexed(self, before: Mapping[UUID, Rule], after: Mapping[UUID, Rule]) -> dict[_Key, tuple[Rule, ...]]:
        leaving, joining = _by_key(before.values()), _by_key(after.values())
        index = self._by_type.copy()
        for key in leaving.keys() | joining.keys():
            gone = {rule.trigger.trigger_id for rule in leaving.get(key, ())}
            kept = [rule for rule in index.get(key, ()) if rule.trigger.trigger_id not in gone]
            rules = sorted(kept + joining.get(key, []), key=lambda rule: rule.rank)
            if rules:
                index[key] = tuple(rules)
            else:
                index.pop(key, None)
        return index


def _by_key(rules: Iterable[Rule]) -> dict[_Key, list[Rule]]:
    index: dict[_Key, list[Rule]] = {}
    for rule in rules:
        for event_type in dict.fromkeys(rule.trigger.when.types):
            index.setdefault((rule.trigger.tenant, event_type), []).append(rule)
    return index


def _digest_of(rules: Mapping[UUID, Rule]) -> int:
    """A sum of hashes: it does not depend on order, and a part of it can be taken out again."""
    return sum(
        int.from_bytes(blake2b(f"{i}@{rule.trigger.revision}".encode(), digest_size=_FINGERPRINT_BYTES).digest(), "big")
        for i, rule in rules.items()
    )


def _revision(known: Rule | Removal) -> int:
    return known.revision if isinstance(known, Removal) else known.trigger.revision


def _matcher_of(trigger: Trigger) -> Matcher:
    try:
        return compile_condition(trigger.where)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with one condition harms its own trigger only
        failure = error

    def raise_failure(_event: Event, _now: datetime) -> bool:
        raise failure

    return raise_failure
