"""Crossings: the ranges that touch one cell of the plane, as bits between the bounds that run through it.

Two bisections of a few bounds, and an `and` of one byte for each eight ranges, say which of them hold a point; what an
event touches is small and lies together. Made by `grid` when a cell is asked again.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from ensue.matching.intervals import Span, cuts
from ensue.matching.nodes import Check, side_by_side
from ensue.matching.rules import RuleId

T = TypeVar("T")
Groups = tuple[tuple[bytes, bytes, tuple[T, ...]], ...]
Crossing = tuple[Sequence[float], Sequence[float], Groups[RuleId], Groups[tuple[RuleId, Check]]]

OF_A_BYTE: Final = 8


def _picker(number: int) -> itemgetter[Any]:
    """What takes from eight things those whose bits are set; at least one is."""
    chosen = [bit for bit in range(OF_A_BYTE) if number >> bit & 1]
    return itemgetter(*chosen) if len(chosen) > 1 else itemgetter(slice(chosen[0], chosen[0] + 1))


PICK: Final = [None, *map(_picker, range(1, 1 << OF_A_BYTE))]


@dataclass(frozen=True, slots=True)
class Members:
    """Items in a cell: from where on, and up to (without) where, each holds a point, across and down; ids; checks."""

    across: NDArray[np.float64]
    down: NDArray[np.float64]
    ids: Sequence[RuleId]
    checks: Sequence[Check | None]


def crossing(members: Members, width: Span, height: Span) -> Crossing:
    """What a cell of this width and height (from, up to without) holds."""
    xs, ys = cuts(members.across.ravel().tolist(), width), cuts(members.down.ravel().tolist(), height)
    groups = _assembled(members, _bits(xs, members.across), _bits(ys, members.down))
    return array("d", xs[1:]), array("d", ys[1:]), *groups


def holding(across: NDArray[np.float64], down: NDArray[np.float64], x: float, y: float) -> list[int]:
    """Which of the members hold a point, one after the other."""
    both = enumerate(zip(across.tolist(), down.tolist(), strict=True))
    return [index for index, ((left, right), (top, end)) in both if left <= x < right and top <= y < end]


def of_one_point(found: Sequence[tuple[RuleId, Check | None]]) -> Crossing:
    """A crossing of what holds one point, good for nothing else."""
    plain = [rule_id for rule_id, check in found if check is None]
    asked = [(rule_id, check) for rule_id, check in found if check is not None]
    return (), (), _all_held(plain), _all_held(asked)


def _all_held(found: Sequence[T]) -> Groups[T]:
    eights = [tuple(found[start : start + OF_A_BYTE]) for start in range(0, len(found), OF_A_BYTE)]
    return tuple([(bytes((bits := (1 << len(eight)) - 1,)), bytes((bits,)), eight) for eight in eights])


def _assembled(
    members: Members, columns: NDArray[np.bool_], rows: NDArray[np.bool_]
) -> tuple[Groups[RuleId], Groups[tuple[RuleId, Check]]]:
    plain = [index for index, check in enumerate(members.checks) if check is None]
    asked = [(index, check) for index, check in enumerate(members.checks) if check is not None]
    return (
        _groups(columns, rows, plain, side_by_side([members.ids[index] for index in plain])),
        _groups(columns, rows, [i for i, _ in asked], [(members.ids[index], check) for index, check in asked]),
    )


def _bits(starts: Sequence[float], spans: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For each piece between two cuts, and each span, whether it holds the piece."""
    places = np.array(starts, np.float64)[:, None]
    held: NDArray[np.bool_] = (spans[:, 0] <= places) & (places < spans[:, 1])
    return held


def _groups(
    columns: NDArray[np.bool_], rows: NDArray[np.bool_], indexes: Sequence[int], found: Sequence[T]
) -> Groups[T]:
    """What some members stand for, by eights, each eight with its bits by column and by row."""
    if not indexes:
        return ()
    packed = [np.packbits(bits[:, indexes], axis=1, bitorder="little").T for bits in (columns, rows)]
    eights = [tuple(found[start : start + OF_A_BYTE]) for start in range(0, len(found), OF_A_BYTE)]
    return tuple((column.tobytes(), row.tobytes(), eight) for column, row, eight in zip(*packed, eights, strict=True))
