"""Openings: what a tier does with one array. Rules of plain values are asked once for all of its elements.

The others are asked as `arrays` says, as if there was one element in place of the array, for each that tells. Made by
`tier` when the first event with an array at the path comes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from ensue.core.conditions.dialects.eventbridge import Path, Scalar
from ensue.matching.arrays import MOST_CHOICES, Place, Telling
from ensue.matching.keys import wants_one_value
from ensue.matching.lookups import Open, Values
from ensue.matching.parts import Part
from ensue.matching.rules import Alternative, Rule, RuleId


class Listing(NamedTuple):
    """What a list of the rules that a tier finds needs. always: rules that are in any; the other as in `Tier`."""

    always: Sequence[RuleId]
    may_repeat: bool


class Opening:
    """An array at `path`, and the rules of a part."""

    __slots__ = ("_listing", "_look", "_rest", "_telling")

    def __init__(self, path: Path, part: Part, rules: Iterable[Rule], listing: Listing) -> None:
        tables = [node for node in part.nodes if isinstance(node, Values) and not node.lists and path in node.paths]
        self._look = _in_turn([table.opened(path) for table in tables])
        self._rest = part.without(tables)
        shapes = {table.paths for table in tables}
        self._telling = Telling(path, rules, lambda alternative: _wanted(alternative) in shapes)
        self._listing = listing

    def find(self, e: object, place: Place, values: list[Scalar]) -> list[RuleId] | None:
        """The rules that match, once each; None if that takes asking about all that stands there.

        It leaves the array or some element of it in its place.
        """
        if self._telling.is_vain:
            return None
        always, may_repeat = self._listing
        out = [*always]
        self._look(e, values, out)
        if self._rest is not None:
            elements = self._telling.elements(values)
            if len(elements) > MOST_CHOICES:
                return None
            for element in elements:
                place.put(e, element)
                self._rest(e, out)
            may_repeat = may_repeat or len(elements) > 1
        return list(dict.fromkeys(out)) if may_repeat else out


def _in_turn(looks: Sequence[Open]) -> Open:
    if len(looks) == 1:
        return looks[0]

    def look(e: object, values: Sequence[Hashable], out: list[RuleId]) -> None:
        for each in looks:
            each(e, values, out)

    return look


def _wanted(alternative: Alternative) -> tuple[Path, ...]:
    """The paths at which an alternative wants one value, in order; it is in the table of these, if there is one."""
    return tuple(sorted([field.path for field in alternative if wants_one_value(field)]))
