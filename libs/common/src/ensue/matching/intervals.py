"""Intervals: numeric ranges cut into cells, so that a number finds by bisection the few ranges it may lie in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from math import inf
from typing import Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

from ensue.core.conditions.dialects.doubles import fits_a_double
from ensue.core.conditions.dialects.eventbridge import FieldPattern, Numeric, Path
from ensue.matching.leaves import Leaves
from ensue.matching.nodes import Check, Run, check_of
from ensue.matching.projection import Layout
from ensue.matching.rules import Item, RuleId
from ensue.matching.scalars import closed
from ensue.matching.source import function

FEW: Final = 12
MOST_CELLS: Final = 1 << 16


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a leaf is a JSON number."""
    return value.__class__ is float or value.__class__ is int


def range_of(field: FieldPattern) -> Numeric | None:
    """The range that a field wants, where it wants one range and nothing else."""
    only = field.matchers[0]
    return only if only.__class__ is Numeric and len(field.matchers) == 1 else None


class Ranges:
    """Ranges, and their ends as numbers; every bound of a range is exactly a double."""

    __slots__ = ("_ends", "highs", "lows", "wanted")

    def __init__(self, wanted: Sequence[Numeric]) -> None:
        self.wanted = wanted
        self.lows = np.array([-inf if each.low is None else each.low for each in wanted], np.float64)
        self.highs = np.array([inf if each.high is None else each.high for each in wanted], np.float64)
        ends = np.unique(np.concatenate((self.lows, self.highs)))
        self._ends = ends[np.isfinite(ends)]

    def bounds(self, most: int) -> NDArray[np.float64]:
        """At most this many of the ends, spread evenly, in order."""
        step = -(-len(self._ends) // most) or 1
        return self._ends[step // 2 :: step]


class Cells:
    """Ranges and the cells that each of them touches: cell i lies from bound i-1 (included) to bound i."""

    def __init__(self, ranges: Ranges, most: int) -> None:
        bounds = ranges.bounds(most)
        self.bounds: list[float] = bounds.tolist()
        self.ranges = ranges.wanted
        self.first = np.searchsorted(bounds, ranges.lows, "right")
        self.last = np.searchsorted(bounds, ranges.highs, "right")

    def __len__(self) -> int:
        return len(self.bounds) + 1

    @property
    def spans(self) -> Iterator[tuple[int, int]]:
        """The first and the last cell of each range."""
        return zip(self.first.tolist(), self.last.tolist(), strict=True)

    @property
    def crowd(self) -> float:
        """How many ranges touch a cell, on average."""
        return float((self.last - self.first + 1).sum()) / len(self)


_BODY: Final = """def run(e, out):
    v = {0}
    if v.__class__ is float or (v.__class__ is int and fits(v)):
        for low, high, rule_id, check in cells[bisect(bounds, v)]:
            if low <= v <= high and (check is None or check(e)): out.append(rule_id)"""


class Narrow:
    """Items with a range at `path` so narrow that few of them touch the same cell."""

    def __init__(self, path: Path, items: Sequence[Item], cells: Cells, layout: Layout) -> None:
        self._path, self._bounds = path, cells.bounds
        members: list[list[tuple[float, float, RuleId, Check | None]]] = [[] for _ in range(len(cells))]
        at_path = frozenset((path,))
        for item, wanted, (first, last) in zip(items, cells.ranges, cells.spans, strict=True):
            rest = item.proven(at_path)
            member = (*closed(wanted), item.rule_id, check_of(rest, layout) if rest.fields else None)
            for cell in range(first, last + 1):
                members[cell].append(member)
        self._cells = [tuple(each) for each in members]
        constants = (self._cells, bisect_right, self._bounds, fits_a_double)
        self.run: Run = function(
            ("cells", "bisect", "bounds", "fits"), _BODY.format(layout.expression(path)), constants
        )

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """Every item whose cell one of the numbers falls into."""
        for value in leaves(self._path):
            if is_number(value):
                out.update(rule_id for _, _, rule_id, _ in self._cells[bisect_right(self._bounds, value)])
