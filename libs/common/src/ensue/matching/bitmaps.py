# ruff: noqa: ANN401  # a mask is what its `Bitsets` makes of it
"""Bitmaps: for alternatives that no key leads to (negation, absence, wide ranges) one set of items per value and field.

The sets of an event's fields are intersected; what a set cannot prove is checked on the few items that are left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ensue.core.conditions.dialects.eventbridge import SCALARS, AnythingBut, Exists, FieldPattern, Numeric, Path, Scalar
from ensue.matching.bitsets import Bitsets, Flags, bitsets
from ensue.matching.intervals import Cells, Ranges, range_of
from ensue.matching.joints import Joint, Key, joined
from ensue.matching.leaves import Leaves
from ensue.matching.nodes import Both, Bucket, Check, Few, Run, check_of, side_by_side
from ensue.matching.projection import Layout
from ensue.matching.rules import MISSING, Item, RuleId
from ensue.matching.scalars import may_be_absent
from ensue.matching.source import getter

MOST_CELLS: Final = 1024
DENSE_SHARE: Final = 64
MOST_LISTED: Final = 32
MOST_MASK_BYTES: Final = 32 << 20
_PRESENCE: Final = ((Exists(present=True),), (Exists(present=False),))


def excluded_values(field: FieldPattern) -> Sequence[Scalar] | None:
    """What a field excludes, where it excludes values (texts or numbers) and says nothing else."""
    only = field.matchers[0]
    if only.__class__ is not AnythingBut or len(field.matchers) > 1:
        return None
    return only.excluded if only.excluded[0].__class__ in SCALARS else None  # type: ignore[return-value]  # all are, then


def is_narrowing(field: FieldPattern) -> bool:
    """Whether the sets of this field leave anything out beyond its being there."""
    return _is_proven(field) or range_of(field) is not None


def _is_proven(field: FieldPattern) -> bool:
    return excluded_values(field) is not None or field.matchers in _PRESENCE


class _FieldMasks:
    """The sets of one field: by the value that is there."""

    def __init__(self, path: Path, wanted: Sequence[tuple[int, FieldPattern]], size: int, sets: Bitsets) -> None:
        self.path = path
        ranged: list[tuple[int, Numeric]] = []
        excluding: dict[Hashable, list[int]] = defaultdict(list)
        absent, present = np.ones(size, bool), np.ones(size, bool)
        absent[[index for index, _ in wanted]] = False
        for index, field in wanted:
            values = excluded_values(field)
            if values is not None:
                for each in values:
                    excluding[each].append(index)
                continue
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

    def named(self) -> list[Hashable]:
        """The values that some item excludes."""
        return [*self.dense, *self.sparse]

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
    """Items by their position in sets. Fields of few values are a joint; the sets of the others are intersected."""

    def __init__(self, items: Sequence[Item], layout: Layout) -> None:
        self._items, self._layout = items, layout
        self._sets = bitsets(len(items))
        wanted: dict[Path, list[tuple[int, FieldPattern]]] = defaultdict(list)
        for index, item in enumerate(items):
            for field in item.fields:
                wanted[field.path].append((index, field))
        self._fields = [_FieldMasks(path, each, len(items), self._sets) for path, each in wanted.items()]
        plain = [field for field in self._fields if not field.bounds]
        self._joined = [plain[position] for position in joined([len(field.named()) for field in plain])]
        others = [field for field in self._fields if field not in self._joined]
        self._checks: dict[int, Check | None] = {}
        self._rests: dict[int, Item] = {}
        if len(self._joined) == 1 and others:
            self._joined, others = [], self._fields
        self._reads = [(getter(layout.expression(field.path)), field.collect) for field in others]

    @property
    def run(self) -> Run:
        """Made for each who asks, and not kept: it refers to this node, and a node is not to refer to itself."""
        if not self._joined:
            return partial(self._run, ())
        return Joint([(field.path, field.named()) for field in self._joined], self._left_by, self._layout).run

    def _run(self, given: Sequence[Any], e: object, out: list[RuleId]) -> None:
        """Ask the items in the sets that are given already and in those of the values of an event."""
        masks = list(given)
        without: list[NDArray[np.int64]] = []
        for read, collect in self._reads:
            collect(read(e), masks, without)
        for index in self._sets.common(masks, without):
            check = self._checks[index] if index in self._checks else self._checked(index)
            if check is None or check(e):
                out.append(self._items[index].rule_id)

    def _checked(self, index: int) -> Check | None:
        """The check of an item, made when first asked."""
        item = self._items[index]
        check = None if all(map(_is_proven, item.fields)) else check_of(item, self._layout)
        self._checks[index] = check
        return check

    def _left_by(self, key: Key) -> tuple[Bucket, int]:
        """What a combination of values of the joint leaves: a set, or the items themselves where they are few."""
        masks: list[Any] = []
        without: list[NDArray[np.int64]] = []
        for field, value in zip(self._joined, key, strict=True):
            field.collect(value, masks, without)
        left = list(self._sets.common(masks, without))
        if self._reads and len(left) > MOST_LISTED:
            flags = np.zeros(len(self._items), bool)
            flags[left] = True
            return _Masked(partial(self._run, (self._sets.pack(flags),))), len(self._items) // 64
        return self._bucket([self._rest(index) for index in left]), len(left)

    def _rest(self, index: int) -> Item:
        """What the joint does not prove of an item."""
        rest = self._rests.get(index)
        if rest is None:
            joined, item = {field.path for field in self._joined}, self._items[index]
            fields = [field for field in item.fields if field.path not in joined or not _is_proven(field)]
            rest = self._rests[index] = Item(item.rule_id, tuple(fields))
        return rest

    def _bucket(self, items: Sequence[Item]) -> Bucket:
        proven = side_by_side([item.rule_id for item in items if not item.fields])
        if len(proven) == len(items):
            return proven
        return Both(proven, Few([item for item in items if item.fields], self._layout))

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """For each field the union over its values; what one value excludes, another may admit."""
        masks = [self._union(field, leaves(field.path)) for field in self._fields]
        out.update(self._items[index].rule_id for index in self._sets.common(masks, ()))

    def _union(self, field: _FieldMasks, values: Sequence[Hashable]) -> Any:
        if not values:
            return field.absent
        found = []
        for value in values:
            masks: list[Any] = []
            field.collect(value, masks, [])
            found.append(masks[0] if len(masks) == 1 else masks[0] & masks[1])
        return self._sets.union(found)


class _Masked:
    """A node of the joint: the sets of the other fields are intersected with one that is known."""

    __slots__ = ("run",)

    def __init__(self, run: Run) -> None:
        self.run = run

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """Never asked: `Bitmaps.slow` does without the joint."""
