# ruff: noqa: ANN401  # a mask is what its `Bitsets` makes of it
"""Bitmaps: for alternatives that no key leads to (negation, absence, wide ranges) one set of items per value and field.

The sets of an event's fields are intersected; what a set cannot prove is checked on the few items that are left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ensue.core.conditions.dialects.eventbridge import AnythingBut, Exact, Exists, FieldPattern, Numeric, Path
from ensue.matching.bitsets import Bitsets, Flags, bitsets
from ensue.matching.intervals import Cells, Ranges, range_of
from ensue.matching.leaves import Leaves
from ensue.matching.nodes import Check, Run, check_of
from ensue.matching.projection import Layout
from ensue.matching.rules import MISSING, Item, RuleId
from ensue.matching.scalars import may_be_absent
from ensue.matching.source import getter

MOST_CELLS: Final = 1024
DENSE_SHARE: Final = 64
MOST_MASK_BYTES: Final = 32 << 20
_VALUES: Final = frozenset((Exact,))
_PRESENCE: Final = ((Exists(present=True),), (Exists(present=False),))


def excluded_values(field: FieldPattern) -> Sequence[Exact] | None:
    """What a field excludes, where it excludes values (texts or numbers) and says nothing else."""
    only = field.matchers[0]
    if only.__class__ is not AnythingBut or len(field.matchers) > 1:
        return None
    return only.excluded if _VALUES.issuperset(map(type, only.excluded)) else None  # type: ignore[return-value]


def is_narrowing(field: FieldPattern) -> bool:
    """Whether the sets of this field leave anything out beyond its being there."""
    return excluded_values(field) is not None or range_of(field) is not None or field.matchers in _PRESENCE


class _FieldMasks:
    """The sets of one field: by the value that is there. `unproven`: items of which these sets do not say all."""

    def __init__(self, path: Path, wanted: Sequence[tuple[int, FieldPattern]], size: int, sets: Bitsets) -> None:
        self.path = path
        self.unproven: list[int] = []
        ranged: list[tuple[int, Numeric]] = []
        excluding: dict[Hashable, list[int]] = defaultdict(list)
        absent, present = np.ones(size, bool), np.ones(size, bool)
        absent[[index for index, _ in wanted]] = False
        for index, field in wanted:
            values = excluded_values(field)
            if values is not None:
                for each in values:
                    excluding[each.value].append(index)
                continue
            if field.matchers not in _PRESENCE:
                self.unproven.append(index)
            if (wanted_range := range_of(field)) is not None:
                ranged.append((index, wanted_range))
            else:
                absent[index] = may_be_absent(field)
                present[index] = field.matchers != _PRESENCE[1]
        unranged = np.ones(size, bool)
        unranged[[index for index, _ in ranged]] = False
        self.absent = sets.pack(absent)
        self.other = sets.pack(present & unranged)
        self.bounds, self.cells = _cells(ranged, present, sets)
        self.dense: dict[Hashable, Any] = {}
        self.sparse: dict[Hashable, NDArray[np.int64]] = {}
        self._exclude(excluding, size, sets)

    def _exclude(self, excluding: Mapping[Hashable, list[int]], size: int, sets: Bitsets) -> None:
        room = MOST_MASK_BYTES // (size // 8 + 64)
        for value, indexes in sorted(excluding.items(), key=lambda item: -len(item[1])):
            if len(self.dense) < room and len(indexes) * DENSE_SHARE > size:
                kept = np.ones(size, bool)
                kept[indexes] = False
                self.dense[value] = sets.pack(kept)
            else:
                self.sparse[value] = np.array(indexes, np.int64)

    def collect(self, value: Any, masks: list[Any], without: list[NDArray[np.int64]]) -> None:
        """Add the sets that hold for a value, MISSING included."""
        if value is MISSING:
            masks.append(self.absent)
            return
        kind = value.__class__
        if kind is float or kind is int:
            masks.append(self.cells[bisect_right(self.bounds, value)])
        else:
            masks.append(self.other)
            if kind is bool:
                return
        mask = self.dense.get(value)
        if mask is not None:
            masks.append(mask)
        elif value in self.sparse:
            without.append(self.sparse[value])


def _cells(ranged: Sequence[tuple[int, Numeric]], present: Flags, sets: Bitsets) -> tuple[list[float], list[Any]]:
    """The bounds of the cells, and the set of each cell: the ranges that touch it, and all that is no range."""
    if not ranged:
        return [], [sets.pack(present)]
    cells = Cells(Ranges([each for _, each in ranged]), min(MOST_CELLS, 2 * len(ranged)))
    first = np.zeros(len(present), np.int64)
    last = np.full(len(present), len(cells), np.int64)
    places = [index for index, _ in ranged]
    first[places], last[places] = cells.first, cells.last
    return cells.bounds, [sets.pack(present & (first <= cell) & (cell <= last)) for cell in range(len(cells))]


class Bitmaps:
    """Items by their position in sets."""

    def __init__(self, items: Sequence[Item], layout: Layout) -> None:
        self._ids = [item.rule_id for item in items]
        self._sets = bitsets(len(items))
        wanted: dict[Path, list[tuple[int, FieldPattern]]] = defaultdict(list)
        for index, item in enumerate(items):
            for field in item.fields:
                wanted[field.path].append((index, field))
        self._fields = [_FieldMasks(path, each, len(items), self._sets) for path, each in wanted.items()]
        checks: list[Check | None] = [None] * len(items)
        for index in {index for field in self._fields for index in field.unproven}:
            checks[index] = check_of(items[index], layout)
        self.run: Run = self._runner(checks, layout)

    def _runner(self, checks: Sequence[Check | None], layout: Layout) -> Run:
        reads = [(getter(layout.expression(field.path)), field.collect) for field in self._fields]
        common, ids = self._sets.common, self._ids

        def run(e: object, out: list[RuleId]) -> None:
            masks: list[Any] = []
            without: list[NDArray[np.int64]] = []
            for read, collect in reads:
                collect(read(e), masks, without)
            for index in common(masks, without):
                check = checks[index]
                if check is None or check(e):
                    out.append(ids[index])

        return run

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """For each field the union over its values; what one value excludes, another may admit."""
        masks = [self._union(field, leaves(field.path)) for field in self._fields]
        out.update(self._ids[index] for index in self._sets.common(masks, ()))

    def _union(self, field: _FieldMasks, values: Sequence[Hashable]) -> Any:
        if not values:
            return field.absent
        found = []
        for value in values:
            masks: list[Any] = []
            field.collect(value, masks, [])
            found.append(masks[0] if len(masks) == 1 else masks[0] & masks[1])
        return self._sets.union(found)
