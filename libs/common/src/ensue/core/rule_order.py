"""Rules in the order in which they fire, those of one tenant and type side by side. Used by `ruleset`.

A change costs in proportion to itself where it is small, and one sorting where it is large.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final, TypeAlias

from ensue.core.rule import Rule

Key: TypeAlias = tuple[str, str]
_FEW: Final = 32  # up to so many changes of one type are put in their places, more are sorted in
_rank = attrgetter("rank")


def reordered(rules: Sequence[Rule], leaving: Sequence[Rule], joining: Sequence[Rule]) -> tuple[Rule, ...]:
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


def replaced(rules: Sequence[Rule], anew: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules, some of them made anew; each keeps its place."""
    if len(anew) > _FEW:
        made = {rule.trigger.trigger_id: rule for rule in anew}
        return tuple(made.get(rule.trigger.trigger_id, rule) for rule in rules)
    kept = list(rules)
    for rule in anew:
        kept[bisect_left(kept, rule.rank, key=_rank)] = rule
    return tuple(kept)


def by_key(rules: Iterable[Rule]) -> dict[Key, list[Rule]]:
    """The rules by each tenant and type that they listen to."""
    index: dict[Key, list[Rule]] = {}
    for rule in rules:
        for event_type in dict.fromkeys(rule.trigger.when.types):
            index.setdefault((rule.trigger.tenant, event_type), []).append(rule)
    return index
