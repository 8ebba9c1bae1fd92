"""Intervals: numeric ranges cut into cells, so that a number finds by bisection the few ranges it may lie in."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from math import inf, nextafter
from typing import Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

from ensue.core.conditions.dialects.doubles import fits_a_double
from ensue.core.conditions.dialects.eventbridge import FieldPattern, Numeric, Path
from ensue.matching.leaves import Leaves
from ensue.matching.nodes import Check, Run, check_of, side_by_side
from ensue.matching.projection import Layout
from ensue.matching.rules import Item, RuleId
from ensue.matching.scalars import closed
from ensue.matching.source import function

Span = tuple[float, float]
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

    def reaches(self) -> NDArray[np.float64]:
        """Of each range the least number within it, and the least above it (as `reach` says)."""
        is_open = np.isinf(self.lows)
        has_low = np.fromiter((each.low_included for each in self.wanted), bool, len(self.wanted))
        has_high = np.fromiter((each.high_included for each in self.wanted), bool, len(self.wanted))
        with np.errstate(over="ignore"):  # above the greatest double there is infinity, as there should be
            lows = np.where(has_low | is_open, self.lows, np.nextafter(self.lows, inf))
            return np.column_stack((lows, np.where(has_high, np.nextafter(self.highs, inf), self.highs)))

    def bounds(self, most: int) -> NDArray[np.float64]:
        """At most this many of the ends, spread evenly, in order."""
        step = -(-len(self._ends) // most) or 1
        return self._ends[step // 2 :: step]


def reach(wanted: Numeric) -> Span:
    """The least number within a range, and the least above it."""
    low, high = closed(wanted)
    return low, nextafter(high, inf)


def cuts(places: Iterable[float], within: Span) -> list[float]:
    """Where a cell begins, and those of the places that lie inside it, each once, in order."""
    first, end = within
    return [first, *sorted({place for place in places if first < place < end})]


class Cells:
    """Ranges and the cells that each of them touches: cell i lies from bound i-1 (included) to bound i."""

    def __init__(self, ranges: Ranges, most: int) -> None:
        bounds = ranges.bounds(most)
        self.bounds: list[float] = bounds.tolist()
        self.ranges = ranges
        self.first = np.searchsorted(bounds, ranges.lows, "right")
        self.last = np.searchsorted(bounds, ranges.highs, "right")

    def __len__(self) -> int:
        return len(self.bounds) + 1

    @property
    def spans(self) -> Iterator[tuple[int, int]]:
        """The first and the last cell of each range."""
        return zip(self.first.tolist(), self.last.tolist(), strict=True)

    def extent(self, cell: int) -> Span:
        """Where a cell begins, and where the next does."""
        return self.bounds[cell - 1] if cell else -inf, self.bounds[cell] if cell < len(self.bounds) else inf

    @property
    def crowd(self) -> float:
        """How many ranges touch a cell, on average."""
        return float((self.last - self.first + 1).sum()) / len(self)


_BODY: Final = """def run(e, out):
    v = {0}
    if v.__class__ is float or (v.__class__ is int and fits(v)):
        cell = bisect(bounds, v)
        cuts, found, asked = cells[cell] or made(cell)
        piece = bisect(cuts, v)
        out += found[piece]
        if asked: out += [i for i, check in asked[piece] if check(e)]"""

_Pieces = Sequence[tuple[RuleId, ...]]
_Asked = Sequence[Sequence[tuple[RuleId, Check]]]


class Narrow:
    """Items with a range at `path` so narrow that few of them touch the same cell; a cell is made when first asked."""

    def __init__(self, path: Path, items: Sequence[Item], cells: Cells, layout: Layout) -> None:
        self._path, self._items, self._layout, self._ranges = path, items, layout, cells
        members: list[list[int]] = [[] for _ in range(len(cells))]
        for index, (first, last) in enumerate(cells.spans):
            for cell in range(first, last + 1):
                members[cell].append(index)
        self._members = members
        self._cells: list[tuple[Sequence[float], _Pieces, _Asked] | None] = [None] * len(cells)

    @property
    def run(self) -> Run:
        """Made for each who asks, and not kept: it refers to this node, and a node is not to refer to itself."""
        constants = (self._cells, self._made, bisect_right, self._ranges.bounds, fits_a_double)
        names = ("cells", "made", "bisect", "bounds", "fits")
        return function(names, _BODY.format(self._layout.expression(self._path)), constants)

    def _made(self, cell: int) -> tuple[Sequence[float], _Pieces, _Asked]:
        """Where the ranges of a cell begin and end, and for each piece between the ids, and those still to be asked."""
        at_path, ranges = frozenset((self._path,)), self._ranges.ranges.wanted
        members = [(reach(ranges[index]), self._items[index].proven(at_path)) for index in self._members[cell]]
        places = cuts((place for span, _ in members for place in span), self._ranges.extent(cell))
        there = [[rest for (low, end), rest in members if low <= place < end] for place in places]
        found = [side_by_side([rest.rule_id for rest in each if not rest.fields]) for each in there]
        asked = [[(rest.rule_id, check_of(rest, self._layout)) for rest in each if rest.fields] for each in there]
        made = (array("d", places[1:]), found, asked if any(asked) else ())
        self._cells[cell] = made
        return made

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """Every item whose cell one of the numbers falls into."""
        for value in leaves(self._path):
            if is_number(value):
                out.update(
                    self._items[index].rule_id for index in self._members[bisect_right(self._ranges.bounds, value)]
                )
