"""The ruleset with an index over its conditions: `decide` asks it for the rules that an event may match.

Built by the evaluator. Each (tenant, type) has an engine of its own, so that no tenant's triggers cost another's events
anything; a trigger that no table leads to is asked about every event of its own tenant and type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ensue.core.conditions.tree import ALWAYS
from ensue.core.event import Event
from ensue.core.rule import Rule
from ensue.core.rule_order import SortedRules
from ensue.core.ruleset import Change, Identity, Removal, Ruleset, TriggerNumber
from ensue.core.trigger import Trigger
from ensue.matching.candidates import Candidates, Named
from ensue.matching.rules import RuleId

WORTH_AN_INDEX: Final = 16

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class IndexedRuleset:
    """A Ruleset, and an engine for each tenant and type that many triggers listen to. Immutable, cheap to succeed."""

    plain: Ruleset = field(default_factory=Ruleset.empty)
    _engines: Mapping[_Key, Candidates] = field(default_factory=dict)
    _scattered: frozenset[_Key] = frozenset()

    def __len__(self) -> int:
        return len(self.plain)

    @property
    def fingerprint(self) -> str:
        """Names the contents; that of the plain ruleset."""
        return self.plain.fingerprint

    def revision_of(self, identity: Identity) -> int | None:
        """The newest revision known, that of a deletion included; None for what was never heard of."""
        return self.plain.revision_of(identity)

    def candidates(self, event: Event) -> Sequence[Trigger]:
        """The triggers that listen to this event, whatever their conditions."""
        return self.plain.candidates(event)

    def unindexed(self) -> Mapping[_Key, int]:
        """By tenant and type, how many triggers are asked about every event, as the cap of trigger-api counts them.

        These are the enabled ones with a condition that no table leads to. Those of types to which fewer than
        WORTH_AN_INDEX listen are not counted: of these, all are asked anyway.
        """
        counts = {key: sum(map(self._counts, engine.engine.unindexed_rules())) for key, engine in self._engines.items()}
        return {key: count for key, count in counts.items() if count}

    def _counts(self, number: RuleId) -> bool:
        rule = self.plain.rule_of(number)  # type: ignore[arg-type]  # the engines are built of these
        return rule is not None and rule.trigger.enabled and rule.trigger.where != ALWAYS

    def rules_for(self, event: Event) -> Sequence[Rule]:
        """The rules that the event may match, in the order in which they fire."""
        engine = self._engines.get(event.tenant_and_type)
        if engine is None:
            return self.plain.rules_for(event)
        found: list[TriggerNumber] = engine.find(event)  # type: ignore[assignment]  # it is built of these
        if not found:
            return ()
        rules = [rule for number in found if (rule := self.plain.rule_of(number)) is not None]
        if len(rules) > 1:
            rules.sort(key=lambda rule: rule.rank)
        return rules

    def apply(self, changes: Iterable[Change]) -> IndexedRuleset:
        """The ruleset after `changes`; each counts only if its revision is newer than what is known."""
        offered = list(changes)
        after = self.plain.apply(offered)
        if after is self.plain:
            return self
        engines = dict(self._engines)
        touched = {change.trigger_id.int for change in offered if isinstance(change, (Trigger, Removal))}
        keys = _by_key(self.plain, after, touched)
        for key, rules in keys.items():
            engine = _engine(engines.get(key), after.rules_of(*key), rules, touched)
            if engine is None:
                engines.pop(key, None)
            else:
                engines[key] = engine
        scattered = {
            key for key in self._scattered | keys.keys() if key in engines and engines[key].engine.is_scattered
        }
        return IndexedRuleset(after, engines, frozenset(scattered))

    @property
    def is_scattered(self) -> bool:
        """Whether changes have left some engine so that `compacted` is worth its time."""
        return bool(self._scattered)

    def compacted(self) -> IndexedRuleset:
        """The same rules with their engines in order. It takes its time; this one may be used meanwhile."""
        return IndexedRuleset(
            self.plain, {**self._engines, **{key: self._engines[key].compacted() for key in self._scattered}}
        )


def _by_key(before: Ruleset, after: Ruleset, touched: Iterable[TriggerNumber]) -> dict[_Key, list[Rule]]:
    """The rules that changed, by the tenant and types that they listen to now; also the keys that they have left."""
    keys: dict[_Key, list[Rule]] = {}
    for number in touched:
        for ruleset in (before, after):
            rule = ruleset.rule_of(number)
            for event_type in () if rule is None else dict.fromkeys(rule.trigger.when.types):
                here = keys.setdefault((rule.trigger.tenant, event_type), []) if rule else []
                if ruleset is after and rule is not None:
                    here.append(rule)
    return keys


def _engine(
    known: Candidates | None, whole: SortedRules, changed: Sequence[Rule], touched: set[TriggerNumber]
) -> Candidates | None:
    """The engine of one key after a change; None where so few rules need none."""
    if len(whole) < WORTH_AN_INDEX:
        return None
    if known is None:
        return Candidates.of(map(_named, whole))
    return known.changed(map(_named, changed), touched)


def _named(rule: Rule) -> Named:
    return rule.number, rule.trigger.where
