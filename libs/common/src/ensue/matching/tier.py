"""A tier: an index over a set of rules, immutable. An engine holds a few, the newest the smallest."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from ensue.matching.leaves import Leaves
from ensue.matching.parts import Part
from ensue.matching.projection import Layout
from ensue.matching.rules import Item, Rule, RuleId


@contextmanager
def collecting_nothing() -> Iterator[None]:
    """No garbage collection meanwhile: a build makes many objects, and none of them is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def paths_of(rules: Iterable[Rule]) -> Iterator[tuple[str, ...]]:
    """Every path that the rules read."""
    return (field.path for rule in rules for alternative in rule.alternatives for field in alternative)


class Tier:
    """An index over `rules`.

    may_repeat: a rule can be found twice for one event.
    unindexed: rules that every event is checked against.
    """

    __slots__ = ("_part", "always", "may_repeat", "rules", "run", "unindexed")

    def __init__(self, rules: Mapping[RuleId, Rule], layout: Layout) -> None:
        self.rules = rules
        items = [Item(rule.rule_id, fields) for rule in rules.values() for fields in rule.alternatives]
        self._part = Part([item for item in items if item.fields], layout)
        self.always = [item.rule_id for item in items if not item.fields]
        self.may_repeat = any(map(_may_repeat, rules.values()))
        self.run = self._part.run
        self.unindexed = frozenset(item.rule_id for item in self._part.unindexed) | frozenset(self.always)

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """Add every rule that may match."""
        out.update(self.always)
        self._part.slow(leaves, out)


def _may_repeat(rule: Rule) -> bool:
    """Whether several keys may find the rule: alternatives, or matchers that can agree about one value."""
    if len(rule.alternatives) != 1:
        return len(rule.alternatives) > 1
    return any(len(field.matchers) > 1 for field in rule.alternatives[0])
