"""Intervals: numeric ranges cut into cells, so that a number finds by bisection the few ranges it may lie in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, TypeGuard

from ensue.core.conditions.dialects.doubles import fits_a_double
from ensue.core.conditions.dialects.eventbridge import FieldPattern, Numeric, Path
from ensue.matching.leaves import Leaves
from ensue.matching.nodes import Check, Run, check_of
from ensue.matching.projection import Layout
from ensue.matching.rules import Item, RuleId
from ensue.matching.scalars import closed
from ensue.matching.source import function

Number = int | float
FEW: Final = 12
MOST_CELLS: Final = 1 << 16


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a leaf is a JSON number."""
    return value.__class__ is float or value.__class__ is int


def range_of(field: FieldPattern) -> Numeric | None:
    """The range that a field wants, where it wants one range and nothing else."""
    only = field.matchers[0]
    return only if len(field.matchers) == 1 and isinstance(only, Numeric) else None


class Cells:
    """Ranges and the cells that each of them touches: cell i lies from bound i-1 (included) to bound i."""

    def __init__(self, ranges: Sequence[Numeric], most: int) -> None:
        distinct = sorted({bound for each in ranges for bound in (each.low, each.high) if bound is not None})
        step = -(-len(distinct) // most) or 1
        self.bounds: list[Number] = distinct[step // 2 :: step]
        self.ranges = ranges
        self.spans = [self._span(each) for each in ranges]

    def __len__(self) -> int:
        return len(self.bounds) + 1

    def _span(self, wanted: Numeric) -> tuple[int, int]:
        first = 0 if wanted.low is None else bisect_right(self.bounds, wanted.low)
        return first, len(self.bounds) if wanted.high is None else bisect_right(self.bounds, wanted.high)

    @property
    def crowd(self) -> float:
        """How many ranges touch a cell, on average."""
        return sum(last - first + 1 for first, last in self.spans) / len(self)


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
