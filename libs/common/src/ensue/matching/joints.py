"""Joints: fields of few values taken together, so that one probe leads to what all of them leave. Used by `bitmaps`.

A table by what is known of each value, filled as events come, so that only what is asked takes time and room.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from textwrap import indent
from typing import Final

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.matching.lookups import TAKE
from ensue.matching.nodes import Bucket, Run
from ensue.matching.projection import Layout
from ensue.matching.rules import MISSING
from ensue.matching.source import function

MOST_COMBINATIONS: Final = 1 << 17
MOST_STORED: Final = 1 << 20
OF_AN_ENTRY: Final = 16

Key = tuple[Hashable, ...]
Fill = Callable[[Key], tuple[Bucket, int]]


class _Other:
    """Stands for every value that no item names."""

    __slots__ = ()


OTHER: Final = _Other()


def joined(sizes: Sequence[int]) -> list[int]:
    """The positions of the fields to be taken together, by how many values of each are named."""
    chosen: list[int] = []
    combinations = 1
    for position in sorted(range(len(sizes)), key=sizes.__getitem__):
        combinations *= sizes[position] + 2
        if combinations > MOST_COMBINATIONS:
            break
        chosen.append(position)
    return chosen


class Joint:
    """A table over several paths. `fill` says what a combination leads to, and about how many words that takes."""

    def __init__(self, named: Sequence[tuple[Path, Collection[Hashable]]], fill: Fill, layout: Layout) -> None:
        self._fill, self._stored = fill, 0
        self._named, self._layout = named, layout
        self._table: dict[Key, Bucket] = {}

    @property
    def run(self) -> Run:
        """Made for each who asks, and not kept: it refers to the joint, which is not to refer to itself."""
        parts = [
            f"n{index}({_key(self._layout.expression(path), values)}, OTHER)"
            for index, (path, values) in enumerate(self._named)
        ]
        body = "\n".join(
            (
                "def run(e, out):",
                f"    key = ({', '.join(parts)},)",
                "    h = get(key)",
                "    if h is None: h = new(key)",
            )
        )
        names = ["get", "new", "OTHER", *(f"n{index}" for index in range(len(self._named)))]
        known = [{value: value for value in (*values, MISSING)}.get for _, values in self._named]
        constants = [self._table.get, self._new, OTHER, *known]
        return function(names, f"{body}\n{indent(TAKE, '    ')}", constants)

    def _new(self, key: Key) -> Bucket:
        bucket, words = self._fill(key)
        if self._stored > MOST_STORED:
            self._table.clear()
            self._stored = 0
        self._stored += words + OF_AN_ENTRY
        self._table[key] = bucket
        return bucket


def _key(expression: str, values: Collection[Hashable]) -> str:
    """The source of the value as a key: true is not 1."""
    if all(value.__class__ is str for value in values):
        return expression
    return f"OTHER if (v := {expression}).__class__ is bool else v"
