"""Grid: items with two numeric ranges, in the cells of a plane: two numbers find the few that both may fall into."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from ensue.core.conditions.dialects.doubles import fits_a_double
from ensue.core.conditions.dialects.eventbridge import Path
from ensue.matching.intervals import Cells, is_number
from ensue.matching.leaves import Leaves
from ensue.matching.nodes import Check, Run, check_of
from ensue.matching.projection import Layout
from ensue.matching.rules import Item, RuleId
from ensue.matching.scalars import closed
from ensue.matching.source import function

SIDES: Final = (512, 256, 128, 64, 32)
MOST_PLACES: Final = 24
CROWD: Final = 48

_Member = tuple[float, float, float, float, RuleId, "Check | None"]
_BODY: Final = """def run(e, out):
    x = {0}
    y = {1}
    if (x.__class__ is float or (x.__class__ is int and fits(x))) and (
        y.__class__ is float or (y.__class__ is int and fits(y))
    ):
        for low, high, least, most, rule_id, check in get(bisect(across, x) * side + bisect(down, y), ()):
            if low <= x <= high and least <= y <= most and (check is None or check(e)): out.append(rule_id)"""


def is_sparse(across: Cells, down: Cells) -> bool:
    """Whether no range lies in many cells of the plane, and no cell holds many ranges, on average."""
    columns, rows = across.last - across.first + 1, down.last - down.first + 1
    return int((columns * rows).sum()) <= min(MOST_PLACES * len(across.ranges), CROWD * len(across) * len(down))


class Grid:
    """Items that want a range at each of two paths."""

    def __init__(
        self, paths: tuple[Path, Path], items: Sequence[Item], across: Cells, down: Cells, layout: Layout
    ) -> None:
        self._paths, self._across, self._down = paths, across.bounds, down.bounds
        self._side = len(down)
        cells: dict[int, list[_Member]] = defaultdict(list)
        for item, x, y, columns, rows in zip(items, across.ranges, down.ranges, across.spans, down.spans, strict=True):
            rest = item.proven(frozenset(paths))
            member = (*closed(x), *closed(y), item.rule_id, check_of(rest, layout) if rest.fields else None)
            for column in range(columns[0], columns[1] + 1):
                place = column * self._side
                for cell in range(place + rows[0], place + rows[1] + 1):
                    cells[cell].append(member)
        self._cells = cells
        names = ("get", "bisect", "across", "down", "side", "fits")
        constants = (cells.get, bisect_right, self._across, self._down, self._side, fits_a_double)
        self.run: Run = function(names, _BODY.format(*map(layout.expression, paths)), constants)

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """Every item in a cell that a pair of the numbers falls into."""
        columns, rows = (
            {bisect_right(bounds, value) for value in leaves(path) if is_number(value)}
            for path, bounds in zip(self._paths, (self._across, self._down), strict=True)
        )
        for column in columns:
            for row in rows:
                out.update(member[4] for member in self._cells.get(column * self._side + row, ()))
