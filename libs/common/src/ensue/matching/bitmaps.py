# ruff: noqa: ANN401  # a mask is what its `Bitsets` makes of it
"""Bitmaps: for alternatives that no key leads to (negation, absence, wide ranges) one set of items per value and field.

The sets of an event's fields are intersected; what a set cannot prove is checked on the few items that are left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ensue.core.conditions.dialects.eventbridge import AnythingBut, Exact, Exists, FieldPattern, Path
from ensue.matching.bitsets import Bitsets, Flags, bitsets
from ensue.matching.intervals import Cells, range_of
from ensue.matching.joints import Joint, Key, joined
from ensue.matching.leaves import Leaves
from ensue.matching.nodes import Both, Bucket, Check, Few, Run, check_of, side_by_side
from ensue.matching.projection import Layout
from ensue.matching.rules import MISSING, Item, RuleId, canonical
from ensue.matching.scalars import may_be_absent
from ensue.matching.source import getter

MOST_CELLS: Final = 1024
DENSE_SHARE: Final = 64
MOST_LISTED: Final = 32
MOST_MASK_BYTES: Final = 32 << 20
_PRESENCE: Final = ((Exists(present=True),), (Exists(present=False),))


def excluded_values(field: FieldPattern) -> list[Hashable] | None:
    """What a field excludes, where it excludes values and says nothing else."""
    if not _excludes_values(field):
        return None
    return [canonical(each.value) for each in field.matchers[0].excluded]  # type: ignore[union-attr]  # just seen


def _excludes_values(field: FieldPattern) -> bool:
    only = field.matchers[0]
    return (
        only.__class__ is AnythingBut
        and len(field.matchers) == 1
        and all(each.__class__ is Exact for each in only.excluded)
    )


def is_narrowing(field: FieldPattern) -> bool:
    """Whether the sets of this field leave anything out beyond its being there."""
    return _is_proven(field) or range_of(field) is not None


def _is_proven(field: FieldPattern) -> bool:
    return _excludes_values(field) or field.matchers in _PRESENCE


class _FieldMasks:
    """The sets of one field: by the value that is there."""

    def __init__(self, path: Path, wanted: Sequence[tuple[int, FieldPattern]], size: int, sets: Bitsets) -> None:
        self.path = path
        absent, present, unranged = np.ones(size, bool), np.ones(size, bool), np.ones(size, bool)
        for index, field in wanted:
            absent[index] = may_be_absent(field)
            present[index] = field.matchers != (Exists(present=False),)
            unranged[index] = range_of(field) is None
        self.absent = sets.pack(absent)
        self.other = sets.pack(present & unranged)
        self.bounds, self.cells = self._cells(wanted, present, sets)
        self.dense: dict[Hashable, Any] = {}
        self.sparse: dict[Hashable, NDArray[np.int64]] = {}
        self._exclude(wanted, size, sets)

    def _cells(
        self, wanted: Sequence[tuple[int, FieldPattern]], present: Flags, sets: Bitsets
    ) -> tuple[list[Any], list[Any]]:
        """The bounds of the cells, and the set of each cell: the ranges that touch it, and all that is no range."""
        ranged = [(index, each) for index, field in wanted if (each := range_of(field)) is not None]
        if not ranged:
            return [], [sets.pack(present)]
        cells = Cells([each for _, each in ranged], min(MOST_CELLS, 2 * len(ranged)))
        first = np.zeros(len(present), np.int64)
        last = np.full(len(present), len(cells), np.int64)
        for (index, _), span in zip(ranged, cells.spans, strict=True):
            first[index], last[index] = span
        return cells.bounds, [sets.pack(present & (first <= cell) & (cell <= last)) for cell in range(len(cells))]

    def _exclude(self, wanted: Sequence[tuple[int, FieldPattern]], size: int, sets: Bitsets) -> None:
        excluding: dict[Hashable, list[int]] = {}
        for index, field in wanted:
            for value in excluded_values(field) or ():
                excluding.setdefault(value, []).append(index)
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


class Bitmaps:
    """Items by their position in sets. Fields of few values are a joint; the sets of the others are intersected."""

    def __init__(self, items: Sequence[Item], layout: Layout) -> None:
        self._items, self._layout = items, layout
        self._sets = bitsets(len(items))
        wanted: dict[Path, list[tuple[int, FieldPattern]]] = {}
        for index, item in enumerate(items):
            for field in item.fields:
                wanted.setdefault(field.path, []).append((index, field))
        self._fields = [_FieldMasks(path, each, len(items), self._sets) for path, each in wanted.items()]
        plain = [field for field in self._fields if not field.bounds]
        self._joined = [plain[position] for position in joined([len(field.named()) for field in plain])]
        others = [field for field in self._fields if field not in self._joined]
        self._reads = [(getter(layout.expression(field.path)), field.collect) for field in others]
        self._checks: dict[int, Check | None] = {}
        self._rests: dict[int, Item] = {}
        self.run: Run = partial(self._run, ())
        if len(self._joined) > 1 or (self._joined and not others):
            self.run = Joint([(field.path, field.named()) for field in self._joined], self._left_by, layout).run
        else:
            self._reads = [(getter(layout.expression(field.path)), field.collect) for field in self._fields]

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
