"""Arrays: an event with arrays of scalars is asked as if it had one element in place of each, for those that tell.

A rule wants any element, field by field, so what it finds is what some choice of elements finds. Of an array of a
hundred texts, only those that some rule names make a difference, and one of the others for all of them. Used by `tier`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from typing import Any, Final

from msgspec.structs import force_setattr

from ensue.core.conditions.dialects.eventbridge import (
    AnythingBut,
    Exists,
    FieldPattern,
    Matcher,
    Path,
    Scalar,
    is_scalar,
)
from ensue.matching.projection import Layout
from ensue.matching.rules import HASHED, MISSING, Alternative, Rule, are_told_apart, canonical
from ensue.matching.source import function, getter

MOST_CHOICES: Final = 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event may have an array. `put` is for a decoded event that is nobody else's."""

    path: Path
    read: Callable[[Any], Any]
    put: Callable[[Any, object], None]

    @classmethod
    def at(cls, path: Path, layout: Layout) -> Place:
        """The place at a path."""
        expression = layout.expression(path)
        above, _, name = expression.rpartition(".")
        body = f"def run(e, value): force({above}, name, value)"
        return cls(path, getter(expression), function(("force", "name"), body, (force_setattr, name)))


class Telling:
    """Which elements of an array at `path` can make a difference to rules, those aside that `is_asked` apart.

    is_vain: two fields of one alternative are at the path, and two elements may do for the two.
    """

    __slots__ = ("_are_plain", "_known", "_others_tell", "_tells_all", "is_vain")

    def __init__(
        self, path: Path, rules: Iterable[Rule], is_asked: Callable[[Alternative], bool] | None = None
    ) -> None:
        known: dict[Hashable, None] = dict.fromkeys(HASHED)
        self._others_tell = self._tells_all = self.is_vain = False
        for rule in rules:
            for alternative in rule.alternatives:
                fields = [field for field in alternative if field.path == path]
                self.is_vain = self.is_vain or len(fields) > 1
                if is_asked is None or (fields and not is_asked(alternative)):
                    for field in fields:
                        known.update(dict.fromkeys(map(canonical, self._values(field))))
        self._known = known
        self._are_plain = not self._tells_all and are_told_apart(known)

    def _values(self, field: FieldPattern) -> Iterable[Scalar]:
        """The values that the field names; one that tells other values apart, too, takes every element to be asked."""
        for matcher in field.matchers:
            named: tuple[Matcher, ...] = (matcher,)
            if isinstance(matcher, (AnythingBut, Exists)):
                self._others_tell = True
                named = matcher.excluded if isinstance(matcher, AnythingBut) else ()
            for each in named:
                if is_scalar(each):
                    yield each
                else:
                    self._tells_all = True

    def elements(self, values: list[Scalar]) -> Sequence[object]:
        """Elements that find whatever all find; of an empty array, what stands for no value."""
        hash(tuple(values))  # as in `lookups`: each text keeps its hash, and what follows waits for memory alone
        telling = self._known.keys() & values if self._are_plain else self._keyed(values)
        if not telling:
            return values[:1] or (MISSING,)
        if self._others_tell:
            return (*telling, *islice((value for value in values if canonical(value) not in self._known), 1))
        return tuple(telling)

    def _keyed(self, values: list[Scalar]) -> Collection[object]:
        """The same where they are not told apart as Python does, or where all of them tell."""
        keyed = {canonical(value): value for value in values}
        return [value for key, value in keyed.items() if self._tells_all or key in self._known]


Array = tuple[Place, list[Scalar]]
Choice = Sequence[object]


def put(projected: object, arrays: Sequence[Array], choice: Choice) -> None:
    """Put an element in place of each array."""
    for (place, _), element in zip(arrays, choice, strict=True):
        place.put(projected, element)


def combined(elements: Sequence[Sequence[object]]) -> Sequence[Choice] | None:
    """One element of each array, in every combination; None where there are too many."""
    return list(product(*elements)) if prod(map(len, elements)) <= MOST_CHOICES else None
