# ruff: noqa: ANN401  # what a pattern is read from is any JSON
"""The quick reader of EventBridge patterns: of the usual and well-formed, sharing what is equal. Used by `eventbridge`.

It reads as `pattern_reader` does, or declines: whatever it does not know for right (`$or` too) is left to that thorough
reader, which has the faults with their places. A property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import Any, Final, NoReturn

from ensue.core.conditions.dialects.doubles import EXACT
from ensue.core.conditions.dialects.pattern_matchers import MAX_MATCHERS, MAX_STARS, MatcherReader
from ensue.core.conditions.dialects.pattern_reader import MAX_DEPTH, OR
from ensue.core.conditions.dialects.pattern_tree import (
    AnythingBut,
    Exists,
    FieldPattern,
    Matcher,
    Numeric,
    Path,
    Prefix,
    Suffix,
    Wildcard,
    are_texts,
)
from ensue.core.json import Json

MOST_SHARED: Final = 1024  # a table of more is slower to look into than an equal thing is to make
_NUMBERS: Final = frozenset((int, float))
_LOW: Final = {">": False, ">=": True}
_HIGH: Final = {"<": False, "<=": True}


class _Declined(Exception):  # nothing is wrong; it never leaves this module
    """This is for the thorough reader."""


def _decline(_pointer: str, _message: str, _expected: str | None) -> NoReturn:
    raise _Declined


class _Place:
    """Where a path leads; one for all patterns that go there, so that equal paths (and fields) are one object."""

    __slots__ = ("inner", "path", "texts")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.inner: dict[str, _Place] = {}
        self.texts: dict[str, FieldPattern] = {}

    def child(self, name: str) -> _Place:
        if name == OR or name.__class__ is not str:
            raise _Declined
        made = self.inner[name] = _Place((*self.path, name))
        return made

    def of_text(self, text: str) -> FieldPattern:
        """The field that wants this text and nothing else; made now, and kept where there is room."""
        made = FieldPattern(self.path, (text,))
        if len(self.texts) < MOST_SHARED:
            self.texts[text] = made
        return made


class QuickReader:
    """Reads patterns one after the other; keeps what they may share, so it should live no longer than the reading."""

    __slots__ = ("_left", "_root", "_thorough")

    def __init__(self) -> None:
        self._root = _Place(())
        self._left = 0
        self._thorough = MatcherReader(_decline).matcher

    def fields(self, document: Json) -> tuple[FieldPattern, ...] | None:
        """The fields of a pattern, all of which must match; None where the thorough reader is to read it."""
        if document.__class__ is not dict:
            return None
        self._left = MAX_MATCHERS
        found: list[FieldPattern] = []
        try:
            self._gather(document, self._root, found)
        except _Declined:
            return None
        return tuple(found)

    def _gather(self, document: dict[str, Any], place: _Place, found: list[FieldPattern]) -> None:
        if not document or len(place.path) >= MAX_DEPTH:
            raise _Declined
        known = place.inner
        for name, value in document.items():
            inner = known.get(name) or place.child(name)
            kind = value.__class__
            if kind is list:
                found.append(self._field(inner, value))
            elif kind is dict:
                self._gather(value, inner, found)
            else:
                raise _Declined

    def _field(self, place: _Place, values: list[Any]) -> FieldPattern:
        count = len(values)
        self._left -= count
        if not count or self._left < 0:
            raise _Declined
        if count > 1:
            if are_texts(values):
                return FieldPattern(place.path, tuple(values))
            return FieldPattern(place.path, tuple(map(self._matcher, values)))
        (only,) = values
        if only.__class__ is str:
            return place.texts.get(only) or place.of_text(only)
        return FieldPattern(place.path, (self._matcher(only),))

    def _matcher(self, value: Any) -> Matcher:
        if value.__class__ is str:
            return value
        if value.__class__ is dict and len(value) == 1:
            ((name, operand),) = value.items()
            read = _READERS.get(name)
            made = None if read is None else read(operand)
            if made is not None:
                return made
        (thorough,) = self._thorough(value, "")  # or it has declined
        return thorough


def _prefix(operand: Any) -> Prefix | None:
    return Prefix(operand) if operand.__class__ is str else None


def _suffix(operand: Any) -> Suffix | None:
    return Suffix(operand) if operand.__class__ is str else None


def _wildcard(operand: Any) -> Wildcard | None:
    if operand.__class__ is not str or "\\" in operand or "**" in operand:
        return None
    parts = tuple(operand.split("*"))
    return Wildcard(parts) if len(parts) <= MAX_STARS + 1 else None


def _exists(operand: Any) -> Exists | None:
    return Exists(operand) if operand.__class__ is bool else None


def _anything_but(operand: Any) -> AnythingBut | None:
    if operand.__class__ is not list or not operand:
        return None
    try:
        return AnythingBut(tuple(map(intern, operand)))  # what many exclude is one object, near to the processor
    except TypeError:
        return None  # one is no text


def _numeric(operand: Any) -> Numeric | None:
    if operand.__class__ is not list or len(operand) != 4:
        return _half_numeric(operand)
    sign, low, other, high = operand
    if not (are_texts((sign, other)) and sign in _LOW and other in _HIGH):
        return None
    if _NUMBERS.issuperset((type(low), type(high))) and -EXACT <= low < high <= EXACT:  # none is infinite
        return Numeric(low, high, _LOW[sign], _HIGH[other])
    return None


def _half_numeric(operand: Any) -> Numeric | None:
    if operand.__class__ is not list or len(operand) != 2:
        return None
    sign, bound = operand
    if sign.__class__ is not str or type(bound) not in _NUMBERS or not -EXACT <= bound <= EXACT:
        return None
    if sign in _LOW:
        return Numeric(low=bound, low_included=_LOW[sign])
    return Numeric(high=bound, high_included=_HIGH[sign]) if sign in _HIGH else None


_READERS: Final[dict[str, Callable[[Any], Matcher | None]]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": _exists,
}
