"""The engine: from rules to a function from an event to the ids of those that match. Called by `patterns`, `triggers`.

An engine is immutable; a change gives the next one, which shares all but the tiers that it rebuilds. The older a
tier, the larger: each at least four times the next, so that one more rule costs a share of rebuilding in proportion to
its own size (times the logarithm of how many there are); a rule that is replaced or removed is hidden in its old tier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ensue.core.json import Json
from ensue.matching.arrays import combined
from ensue.matching.decoders import RUN_OF_DOCUMENTS, Decoders, whole
from ensue.matching.projection import Layout
from ensue.matching.rules import Rule, RuleId
from ensue.matching.tier import Tier, collecting_nothing, paths_of

GROWTH: Final = 4
_NONE: Final[frozenset[RuleId]] = frozenset()

Find = Callable[[Any], list[RuleId]]


@dataclass(frozen=True, slots=True)
class _Level:
    """A tier, and those of its rules that are replaced or removed."""

    tier: Tier
    hidden: frozenset[RuleId] = _NONE

    def living(self) -> dict[RuleId, Rule]:
        return {rule_id: rule for rule_id, rule in self.tier.rules.items() if rule_id not in self.hidden}

    def size(self) -> int:
        return len(self.tier.rules) - len(self.hidden)


@dataclass(frozen=True, slots=True)
class Engine:
    """Rules made ready. `match` takes the bytes of an event, `match_document` one that is decoded already."""

    _levels: tuple[_Level, ...] = ()
    _layout: Layout = field(default_factory=lambda: Layout.of(()))
    _decoders: Decoders = field(default_factory=lambda: Decoders(Layout.of(())))
    _find: Find = lambda _: []

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> Engine:
        """An engine of these rules; of several with one id the last counts."""
        return cls().changed(rules, ())

    def __len__(self) -> int:
        return sum(level.size() for level in self._levels)

    @property
    def unindexed(self) -> int:
        """How many rules no table leads to, so that every event is checked against them."""
        return sum(len(level.tier.unindexed - level.hidden) for level in self._levels)

    def match(self, event: bytes) -> list[RuleId]:
        """The ids of the rules that match a JSON object; msgspec.DecodeError where it is none."""
        decoders = self._decoders
        if decoders.documents:
            decoders.documents -= 1
            return self._search_document(whole(event))
        try:
            projected = decoders.decode(event)
        except msgspec.DecodeError:
            projected = decoders.with_arrays(event)
            if projected is None:
                decoders.documents = RUN_OF_DOCUMENTS
                return self._search_document(whole(event))
        return self._search(projected) if decoders.listed else self._find(projected)

    def match_document(self, document: Mapping[str, Json]) -> list[RuleId]:
        """The ids of the rules that match a decoded event."""
        decoders = self._decoders
        try:
            projected = decoders.convert(document)
        except msgspec.ValidationError:
            projected = decoders.with_arrays(document)
            if projected is None:
                return self._search_document(document)
        return self._search(projected) if decoders.listed else self._find(projected)

    def changed(self, rules: Iterable[Rule], removed: Iterable[RuleId]) -> Engine:
        """The engine with `rules` added (or put in place of those of their ids) and `removed` taken out."""
        new = {rule.rule_id: rule for rule in rules}
        levels = _hide(self._levels, {*new, *removed})
        with collecting_nothing():
            return _assembled(*_merged(levels, new, self._layout), self._decoders)

    def _search(self, projected: object) -> list[RuleId]:
        """Ask what may have arrays of scalars."""
        arrays = self._decoders.arrays(projected)
        if not arrays:
            return self._find(projected)
        elements = [level.tier.elements(arrays) for level in self._levels]
        if len(arrays) == len(elements) == 1 and elements[0] and len(elements[0][0]) == 1:
            arrays[0][0].put(projected, elements[0][0][0])
            return self._find(projected)
        choices = [each and combined(each) for each in elements]
        found: list[RuleId] = []
        for level, chosen in zip(self._levels, choices, strict=True):
            if chosen is None or None in choices:
                found += level.tier.find(self._decoders.leaves(projected), {}, level.hidden)
            else:
                found += level.tier.found_by(projected, arrays, chosen, level.hidden)
        return found

    def _search_document(self, document: Mapping[str, Json]) -> list[RuleId]:
        """Ask what has arrays on the way of a field."""
        leaves = self._decoders.leaves_of(document)
        return [each for level in self._levels for each in level.tier.find(leaves, document, level.hidden)]


def _hide(levels: Sequence[_Level], gone: set[RuleId]) -> list[_Level]:
    """The levels without these rules, and without levels that have none left."""
    left: list[_Level] = []
    for level in levels:
        mine = gone & level.tier.rules.keys()
        kept = _Level(level.tier, level.hidden | mine) if mine else level
        if kept.size():
            left.append(kept)
    return left


def _merged(levels: list[_Level], new: dict[RuleId, Rule], layout: Layout) -> tuple[list[_Level], Layout]:
    """The levels after `new` came: every level that is not GROWTH times what comes after it is rebuilt with that."""
    larger = layout.extended(paths_of(new.values()))
    whole = larger.conflicts() != layout.conflicts()
    while levels and (
        whole or levels[-1].size() < GROWTH * len(new) or 2 * levels[-1].size() < len(levels[-1].tier.rules)
    ):
        new = levels.pop().living() | new
    if not levels:
        larger = Layout.of(paths_of(new.values()))
    if new:
        levels.append(_Level(Tier(new, larger)))
    return levels, larger


def _assembled(levels: Sequence[_Level], layout: Layout, before: Decoders) -> Engine:
    decoders = Decoders(layout, [place.path for place in before.listed])
    return Engine(tuple(levels), layout, decoders, _finder(levels))


def _finder(levels: Sequence[_Level]) -> Find:
    """A function from a projected event to ids."""
    if len(levels) == 1 and not (levels[0].hidden or levels[0].tier.may_repeat or levels[0].tier.always):
        run = levels[0].tier.run

        def find_plainly(e: object) -> list[RuleId]:
            out: list[RuleId] = []
            run(e, out)
            return out

        return find_plainly

    return lambda e: [each for level in levels for each in level.tier.found(e, level.hidden)]
