"""Crossings: the ranges that touch one cell of the plane, as bits between the bounds that run through it.

Two bisections of a few bounds, and an `and` of one byte for each eight ranges, say which of them hold a point; what an
event touches is small and lies together. Made by `grid` when a cell is first asked.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

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


class Member(NamedTuple):
    """An item in a cell: from where on, and up to (without) where, it holds a point; and what is left to be checked."""

    across: Span
    down: Span
    rule_id: RuleId
    check: Check | None


def crossing(members: Sequence[Member], width: Span, height: Span) -> Crossing:
    """What a cell of this width and height (from, up to without) holds."""
    xs = cuts((member.across for member in members), width)
    ys = cuts((member.down for member in members), height)
    plain = [member for member in members if member.check is None]
    asked = [member for member in members if member.check is not None]
    return (
        array("d", xs[1:]),
        array("d", ys[1:]),
        _groups(xs, ys, plain, side_by_side([member.rule_id for member in plain])),
        _groups(xs, ys, asked, [(member.rule_id, member.check) for member in asked if member.check]),
    )


def _groups(xs: Sequence[float], ys: Sequence[float], members: Sequence[Member], found: Sequence[T]) -> Groups[T]:
    """What the members stand for, by eights, each with its bits by column and by row."""
    columns = _bits(xs, [member.across for member in members])
    rows = _bits(ys, [member.down for member in members])
    eights = [tuple(found[start : start + OF_A_BYTE]) for start in range(0, len(found), OF_A_BYTE)]
    return tuple(zip(columns, rows, eights, strict=True))


def _bits(cuts: Sequence[float], spans: Sequence[Span]) -> list[bytes]:
    """For each eight spans: for each piece between the cuts, which of them hold it."""
    if not spans:
        return []
    places, (lows, ends) = np.array(cuts)[:, None], np.array(spans).T
    packed = np.packbits((lows <= places) & (places < ends), axis=1, bitorder="little")
    return [eight.tobytes() for eight in packed.T]
