"""The engine: from rules to a function from an event to the ids of those that match. Called by `patterns`, `triggers`.

An engine is immutable; a change gives the next one, which shares all but the tiers that it rebuilds (`levels` says
which); a rule that is replaced or removed is hidden in its old tier.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from ensue.core.conditions.dialects.eventbridge import Path, Scalar
from ensue.core.json import Json
from ensue.matching import levels
from ensue.matching.arrays import Place, combined
from ensue.matching.decoders import RUN_OF_DOCUMENTS, Decoders, whole
from ensue.matching.levels import Level
from ensue.matching.nodes import Run
from ensue.matching.projection import Layout
from ensue.matching.projectors import Projectors
from ensue.matching.rules import Rule, RuleId
from ensue.matching.tier import collecting_nothing


@dataclass(frozen=True, slots=True)
class Engine:
    """Rules made ready. `match` takes the bytes of an event, `match_document` one that is decoded already.

    collect: adds the ids of the rules that match a projection without arrays, as `projectors` make it.
    """

    _levels: tuple[Level, ...] = ()
    _layout: Layout = field(default_factory=lambda: Layout.of(()))
    _decoders: Decoders = field(default_factory=lambda: Decoders(Layout.of(())))
    collect: Run = lambda _, __: None

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> Engine:
        """An engine of these rules; of several with one id the last counts."""
        return cls().changed(rules, ())

    def __len__(self) -> int:
        return sum(level.size() for level in self._levels)

    @property
    def unindexed(self) -> int:
        """How many rules no table leads to, so that every event is checked against them."""
        return sum(1 for _ in self.unindexed_rules())

    def unindexed_rules(self) -> Iterator[RuleId]:
        """Their ids."""
        for level in self._levels:
            yield from level.tier.unindexed - level.hidden

    @property
    def reads(self) -> Iterable[str]:
        """The names at the top of an event that the rules read; `match_document` needs no others."""
        return self._layout.root.inner

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
        if decoders.listed:
            return self._search(projected)
        found: list[RuleId] = []
        self.collect(projected, found)
        return found

    def match_document(self, document: Mapping[str, Json]) -> list[RuleId]:
        """The ids of the rules that match a decoded event."""
        decoders = self._decoders
        try:
            projected = msgspec.convert(document, decoders.struct)
        except msgspec.ValidationError:
            projected = decoders.with_arrays(document)
            if projected is None:
                return self._search_document(document)
        if decoders.listed:
            return self._search(projected)
        found: list[RuleId] = []
        self.collect(projected, found)
        return found

    def projectors(
        self, attributes: Collection[str], endless: Collection[Path], known: Projectors | None
    ) -> Projectors:
        """What makes projections of events, the shape of whose data is known; those `known` where they do."""
        if known is not None and known.serve(self._layout, endless):
            return known
        return Projectors(self._layout, self._decoders.struct, attributes, endless)

    def changed(self, rules: Iterable[Rule], removed: Iterable[RuleId]) -> Engine:
        """The engine with `rules` added (or put in place of those of their ids) and `removed` taken out."""
        new = {rule.rule_id: rule for rule in rules}
        with collecting_nothing():
            return self._with(*levels.changed(self._levels, self._layout, new, {*new, *removed}))

    @property
    def is_scattered(self) -> bool:
        """Whether changes have left so much in small tiers that `compacted` is worth its time."""
        return levels.is_scattered(self._levels)

    def compacted(self) -> Engine:
        """The engine of the same rules with its tiers in order; itself where they are.

        It takes as long as building what is not in order, at worst as building all. This engine may match meanwhile,
        in another thread.
        """
        if not self.is_scattered:
            return self
        with collecting_nothing():
            return self._with(*levels.compacted(self._levels, self._layout))

    def _with(self, after: Sequence[Level], layout: Layout) -> Engine:
        """The engine of these levels, which reads events as this one does where it reads the same of them."""
        decoders = self._decoders
        if layout is not self._layout:
            decoders = Decoders(layout, [place.path for place in decoders.listed])
        return Engine(tuple(after), layout, decoders, _finder(after))

    def _search(self, projected: object) -> list[RuleId]:
        """Ask what may have arrays of scalars."""
        listed = self._decoders.listed
        found: list[RuleId] = []
        if len(listed) == 1:
            values = listed[0].read(projected)
            arrays = [(listed[0], values)] if values.__class__ is list else []
        else:
            arrays = self._decoders.arrays(projected)
        if len(arrays) == 1:
            return self._search_array(projected, *arrays[0])
        if not arrays:
            self.collect(projected, found)
            return found
        choices = [each and combined(each) for each in [level.tier.elements(arrays) for level in self._levels]]
        for level, chosen in zip(self._levels, choices, strict=True):
            if chosen is None or None in choices:
                found += level.tier.find(self._decoders.leaves(projected), {}, level.hidden)
            else:
                found += level.tier.found_by(projected, arrays, chosen, level.hidden)
        return found

    def _search_array(self, projected: object, place: Place, values: list[Scalar]) -> list[RuleId]:
        """Ask what has one array of scalars."""
        found: list[RuleId] = []
        for level in self._levels:
            opening = level.tier.openings.get(place.path) or level.tier.opening(place.path)
            here = opening.find(projected, place, values)
            if here is None:
                place.put(projected, values)
                found += level.tier.find(self._decoders.leaves(projected), {}, level.hidden)
            elif level.hidden:
                found += [each for each in here if each not in level.hidden]
            elif found:
                found += here
            else:
                found = here
        return found

    def _search_document(self, document: Mapping[str, Json]) -> list[RuleId]:
        """Ask what has arrays on the way of a field."""
        leaves = self._decoders.leaves_of(document)
        return [each for level in self._levels for each in level.tier.find(leaves, document, level.hidden)]


def _finder(levels: Sequence[Level]) -> Run:
    """A function that adds the ids that a projected event finds."""
    if len(levels) == 1 and not (levels[0].hidden or levels[0].tier.may_repeat or levels[0].tier.always):
        return levels[0].tier.run

    def find(e: object, out: list[RuleId]) -> None:
        for level in levels:
            out += level.tier.found(e, level.hidden)

    return find
