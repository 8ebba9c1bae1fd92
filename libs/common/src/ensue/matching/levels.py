"""Levels: the tiers of an engine, oldest and largest first, and which of them a change rebuilds. Used by `engine`.

Each level should be at least GROWTH times all that came after it: then one more rule costs a share of rebuilding in
proportion to its own size (times the logarithm of how many there are). What is small is put in order at once; what is
large waits for `Engine.compacted`, which may run beside those who match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ensue.matching.projection import Layout
from ensue.matching.rules import Rule, RuleId
from ensue.matching.tier import Tier, paths_of

GROWTH: Final = 4
AT_ONCE: Final = 256
MOST_LEVELS: Final = 24
_NONE: Final[frozenset[RuleId]] = frozenset()


@dataclass(frozen=True, slots=True)
class Level:
    """A tier, and those of its rules that are replaced or removed."""

    tier: Tier
    hidden: frozenset[RuleId] = _NONE

    def living(self) -> dict[RuleId, Rule]:
        """The rules that are neither replaced nor removed."""
        return {rule_id: rule for rule_id, rule in self.tier.rules.items() if rule_id not in self.hidden}

    def size(self) -> int:
        """How many rules live."""
        return len(self.tier.rules) - len(self.hidden)

    def without(self, gone: set[RuleId]) -> Level:
        """The level with these hidden."""
        mine = gone & self.tier.rules.keys()
        return Level(self.tier, self.hidden | mine) if mine else self


def changed(
    levels: Sequence[Level], layout: Layout, new: dict[RuleId, Rule], gone: set[RuleId]
) -> tuple[list[Level], Layout]:
    """The levels with `new` and without `gone`; older ones are rebuilt where they are small, or there are too many."""
    kept = [each for level in levels if (each := level.without(gone)).size()]
    most = AT_ONCE if len(kept) < MOST_LEVELS else None
    return _rebuilt(kept, layout, _due(kept, len(new), most), new)


def compacted(levels: Sequence[Level], layout: Layout) -> tuple[list[Level], Layout]:
    """The levels in order."""
    return _rebuilt(levels, layout, _due(levels, 0, None), {})


def is_scattered(levels: Sequence[Level]) -> bool:
    """Whether some level waits to be rebuilt."""
    return _due(levels, 0, None) < len(levels)


def _due(levels: Sequence[Level], new: int, most: int | None) -> int:
    """The oldest level to be rebuilt, with all after it and `new` rules, these together being at most `most`."""
    due, together = len(levels), new
    for place in range(len(levels) - 1, -1, -1):
        size, rules = levels[place].size(), len(levels[place].tier.rules)
        if most is not None and together + size > most:
            break
        if size < GROWTH * together or 2 * size < rules:
            due = place
        together += size
    return due


def _rebuilt(levels: Sequence[Level], layout: Layout, due: int, new: dict[RuleId, Rule]) -> tuple[list[Level], Layout]:
    """The levels before `due`, and one for all after it and `new`."""
    rules: dict[RuleId, Rule] = {}
    for level in levels[due:]:
        rules |= level.living()
    rules |= new
    kept = list(levels[:due])
    paths = paths_of(rules.values())
    layout = layout.extended(paths) if kept else Layout.of(paths)
    return [*kept, Level(Tier(rules, layout))] if rules else kept, layout
