"""Grid: items with two numeric ranges, in the cells of a plane: two numbers find the few that both may fall into."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ensue.core.conditions.dialects.doubles import fits_a_double
from ensue.core.conditions.dialects.eventbridge import Path
from ensue.matching.crossings import PICK, Crossing, Members, crossing, holding, of_one_point
from ensue.matching.intervals import Cells, is_number
from ensue.matching.leaves import Leaves
from ensue.matching.nodes import Check, Run, check_of
from ensue.matching.projection import Layout
from ensue.matching.rules import Item, RuleId
from ensue.matching.source import function

SIDES: Final = (512, 256, 128, 64, 32)
MOST_PLACES: Final = 24
CROWD: Final = 48

_BODY: Final = """def run(e, out):
    x = {0}
    y = {1}
    if (x.__class__ is float or (x.__class__ is int and fits(x))) and (
        y.__class__ is float or (y.__class__ is int and fits(y))
    ):
        place = bisect(across, x) * side + bisect(down, y)
        xs, ys, groups, asked = cells[place] or made(place, x, y)
        column, row = bisect(xs, x), bisect(ys, y)
        for columns, rows, ids in groups:
            bits = columns[column] & rows[row]
            if bits: out += PICK[bits](ids)
        for columns, rows, ids in asked:
            bits = columns[column] & rows[row]
            if bits: out += [i for i, check in PICK[bits](ids) if check(e)]"""


def is_sparse(across: Cells, down: Cells) -> bool:
    """Whether no range lies in many cells of the plane, and no cell holds many ranges, on average."""
    columns, rows = across.last - across.first + 1, down.last - down.first + 1
    return int((columns * rows).sum()) <= min(MOST_PLACES * len(across.first), CROWD * len(across) * len(down))


class Grid:
    """Items that want a range at each of two paths."""

    def __init__(
        self, paths: tuple[Path, Path], items: Sequence[Item], across: Cells, down: Cells, layout: Layout
    ) -> None:
        self._paths, self._across, self._down = paths, across, down
        self._items, self._layout = items, layout
        self._reaches = [cells.ranges.reaches() for cells in (across, down)]
        self._members, self._starts = _by_place(across, down)
        self._cells: list[Crossing | None] = [None] * (len(across) * len(down))
        self._was_asked = bytearray(len(self._cells))

    @property
    def run(self) -> Run:
        """Made for each who asks, and not kept: it refers to the grid, and a node is not to refer to itself."""
        constants = {
            "bisect": bisect_right,
            "across": self._across.bounds,
            "down": self._down.bounds,
            "side": len(self._down),
            "fits": fits_a_double,
            "cells": self._cells,
            "made": self._made,
            "PICK": PICK,
        }
        body = _BODY.format(*map(self._layout.expression, self._paths))
        return function(list(constants), body, list(constants.values()))

    def _made(self, place: int, x: float, y: float) -> Crossing:
        """The crossing of a cell; made and kept when the cell is asked again, for most are asked seldom or never."""
        there = self._at(place)
        across, down = self._reaches[0][there], self._reaches[1][there]
        items = [self._items[index] for index in there.tolist()]
        if not self._was_asked[place]:
            self._was_asked[place] = 1
            held = map(items.__getitem__, holding(across, down, x, y))
            return of_one_point([(item.rule_id, self._check(item)) for item in held])
        column, row = divmod(place, len(self._down))
        members = Members(across, down, [item.rule_id for item in items], [self._check(item) for item in items])
        made = crossing(members, self._across.extent(column), self._down.extent(row))
        self._cells[place] = made
        return made

    def _at(self, place: int) -> NDArray[np.int64]:
        return self._members[self._starts[place] : self._starts[place + 1]]

    def _check(self, item: Item) -> Check | None:
        if len(item.fields) == len(self._paths):
            return None
        rest = item.proven(frozenset(self._paths))
        return check_of(rest, self._layout) if rest.fields else None

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """Every item in a cell that a pair of the numbers falls into."""
        columns, rows = (
            {bisect_right(cells.bounds, value) for value in leaves(path) if is_number(value)}
            for path, cells in zip(self._paths, (self._across, self._down), strict=True)
        )
        for column in columns:
            for row in rows:
                out.update(self._items[index].rule_id for index in self._at(column * len(self._down) + row).tolist())


def _by_place(across: Cells, down: Cells) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The items by place, and where those of each place begin (one more than there are places)."""
    left, top = across.first, down.first
    heights = down.last - top + 1
    counts = (across.last - left + 1) * heights
    items = np.repeat(np.arange(len(counts)), counts)
    steps = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    places = (left[items] + steps // heights[items]) * len(down) + top[items] + steps % heights[items]
    order = places.argsort()
    starts = np.searchsorted(places[order], np.arange(len(across) * len(down) + 1))
    return items[order].astype(np.int64), starts
