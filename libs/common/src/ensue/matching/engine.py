"""The engine: from rules to a function from an event to the ids of those that match. Called by `patterns`, `triggers`.

An engine is immutable; a change gives the next one, which shares all but the tiers that it rebuilds. The older a
tier, the larger: each at least four times the next, so that one more rule costs a share of rebuilding in proportion to
its own size (times the logarithm of how many there are); a rule that is replaced or removed is hidden in its old tier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ensue.core.json import Json
from ensue.matching.leaves import Leaves, leaves_of_document, leaves_of_projection
from ensue.matching.projection import Layout
from ensue.matching.rules import Rule, RuleId
from ensue.matching.tier import Tier, collecting_nothing, paths_of

GROWTH: Final = 4
RUN_OF_ARRAYS: Final = 16
_DOCUMENT: Final = msgspec.json.Decoder(dict[str, Any])
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


class Decoders:
    """How an event is read, given what the rules read: as scalars, with arrays of scalars, or whole.

    arrays: for how many events the first way is not tried, because one lately had arrays. Only a guess: all ways agree.
    """

    __slots__ = ("_is_projected", "_lists", "_readers", "_root", "arrays", "of_scalars", "struct")

    def __init__(self, layout: Layout) -> None:
        self.arrays = 0
        projected = layout if layout.can_be_projected else Layout.of(())
        self._is_projected = projected is layout
        self.struct = projected.struct()
        self.of_scalars = msgspec.json.Decoder(self.struct).decode if self._is_projected else _refuse
        self._lists = msgspec.json.Decoder(projected.struct_of_lists())
        self._readers = layout.readers()
        self._root = layout.root

    def leaves(self, event: bytes) -> tuple[Leaves, Mapping[str, Json]]:
        """The leaves of an event, and its document where they are entangled."""
        if self._is_projected:
            with suppress(msgspec.DecodeError):
                return leaves_of_projection(self._lists.decode(event), self._readers), {}
        document = _DOCUMENT.decode(event)
        return self.leaves_of(document), document

    def of_document(self, document: Mapping[str, Json]) -> Any:  # noqa: ANN401  # of a Struct made just now
        """The projection of a decoded event; msgspec.ValidationError where it has arrays."""
        return msgspec.convert(document, self.struct) if self._is_projected else _refuse(b"")

    def leaves_of(self, document: Mapping[str, Json]) -> Leaves:
        """The leaves of a decoded event."""
        return leaves_of_document(document, self._root)


@dataclass(frozen=True, slots=True)
class Engine:
    """Rules made ready. `match` takes the bytes of an event, `match_document` one that is decoded already."""

    _levels: tuple[_Level, ...] = ()
    _layout: Layout = field(default_factory=lambda: Layout.of(()))
    _decoders: Decoders = field(default_factory=lambda: Decoders(Layout.of(())))
    _decode: Callable[[bytes], Any] = _DOCUMENT.decode
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

    @property
    def reads(self) -> Iterable[str]:
        """The names at the top of an event that the rules read; `match_document` needs no others."""
        return self._layout.root.inner

    def match(self, event: bytes) -> list[RuleId]:
        """The ids of the rules that match a JSON object; msgspec.DecodeError where it is none."""
        decoders = self._decoders
        if decoders.arrays:
            decoders.arrays -= 1
            return self._search(*decoders.leaves(event))
        try:
            projected = self._decode(event)
        except msgspec.DecodeError:
            decoders.arrays = RUN_OF_ARRAYS
            return self._search(*decoders.leaves(event))
        return self._find(projected)

    def match_document(self, document: Mapping[str, Json]) -> list[RuleId]:
        """The ids of the rules that match a decoded event."""
        try:
            projected = self._decoders.of_document(document)
        except msgspec.ValidationError:
            return self._search(self._decoders.leaves_of(document), document)
        return self._find(projected)

    def changed(self, rules: Iterable[Rule], removed: Iterable[RuleId]) -> Engine:
        """The engine with `rules` added (or put in place of those of their ids) and `removed` taken out."""
        new = {rule.rule_id: rule for rule in rules}
        levels = _hide(self._levels, {*new, *removed})
        with collecting_nothing():
            return _assembled(*_merged(levels, new, self._layout))

    def _search(self, leaves: Leaves, document: Mapping[str, Json]) -> list[RuleId]:
        found: list[RuleId] = []
        for level in self._levels:
            found += level.tier.find(leaves, document, level.hidden)
        return found


def _refuse(_: bytes) -> Any:  # noqa: ANN401  # never returns
    raise msgspec.ValidationError("names that no Struct can have")


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


def _assembled(levels: Sequence[_Level], layout: Layout) -> Engine:
    decoders = Decoders(layout)
    return Engine(tuple(levels), layout, decoders, decoders.of_scalars, _finder(levels))


def _finder(levels: Sequence[_Level]) -> Find:
    """A function from a projected event to ids."""
    if len(levels) == 1 and not (levels[0].hidden or levels[0].tier.may_repeat or levels[0].tier.always):
        run = levels[0].tier.run

        def find_plainly(e: object) -> list[RuleId]:
            out: list[RuleId] = []
            run(e, out)
            return out

        return find_plainly

    def find(e: object) -> list[RuleId]:
        found: list[RuleId] = []
        for level in levels:
            out = list(level.tier.always)
            level.tier.run(e, out)
            if level.tier.may_repeat:
                out = list(dict.fromkeys(out))
            found += [each for each in out if each not in level.hidden] if level.hidden else out
        return found

    return find
