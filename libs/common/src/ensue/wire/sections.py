"""Sections: objects of a document, read member by member with every fault noted and every unknown member refused.

Used by `documents` and its parts. A reader always returns a usable value, so that reading goes on after a fault.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from ensue.core.durations import EXPECTED as DURATION_EXPECTED
from ensue.core.durations import parse_duration
from ensue.wire.attributes import has_control_characters
from ensue.wire.faults import Faults, step

MAX_DOCUMENT_DEPTH: Final = 100
MAX_BITS: Final = 14_284  # of an integer that Python still turns into text, 4,300 digits

_E = TypeVar("_E", bound=StrEnum)


class Section:
    """One object of a document. What is read becomes known; `refuse_unknown` names the rest."""

    def __init__(self, members: Mapping[str, object], pointer: str, faults: Faults) -> None:
        self.members = members
        self.pointer = pointer
        self.faults = faults
        self._known: list[str] = []

    @classmethod
    def of(cls, value: object, pointer: str, faults: Faults) -> Section | None:
        """The section that `value` is; None, with a fault, if it is no object."""
        if isinstance(value, Mapping):
            return cls(value, pointer, faults)
        faults.add(pointer, "is not an object", "an object with named members")
        return None

    def has(self, name: str) -> bool:
        """Whether a member is there and says something; null says as little as leaving it out."""
        self._known.append(name)
        return self.members.get(name) is not None

    def refuse_unknown(self) -> None:
        """A fault for each member that nobody asked for."""
        for name in self.members:
            if name not in self._known:
                self.faults.add_unknown(step(self.pointer, name), name, set(self._known), "field")

    def fault(self, name: str, message: str, expected: str | None = None) -> None:
        """Note a fault of a member."""
        self.faults.add(step(self.pointer, name), message, expected)

    def text(self, name: str, most: int, *, default: str | None = None, lines: bool = False) -> str:
        """A text of 1 to `most` characters; required unless there is a default, which alone may be empty."""
        expected = f"a text of 1 to {most} characters"
        value = self._value(name, expected, required=default is None)
        if value is None:
            return default or ""
        if not isinstance(value, str) or not value.strip():
            self.fault(name, "is not a text" if not isinstance(value, str) else "is empty", expected)
        elif len(value) > most:
            self.fault(name, f"is too long: {len(value)} characters", expected)
        elif has_control_characters(value.replace("\n", "").replace("\t", "") if lines else value):
            self.fault(name, "has control characters", expected)
        else:
            return value
        return default or "?"

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self._value(name, "true or false", required=False)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.fault(name, "is not true or false", "true or false")
        return default

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        """A whole number from `low` to `high`."""
        expected = f"a whole number from {low} to {high}"
        value = self._value(name, expected, required=False)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(name, "is not a whole number", expected)
        elif not low <= value <= high:
            self.fault(name, "is out of range", expected)
        else:
            return value
        return default

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """A number from `low` to `high`."""
        expected = f"a number from {low:g} to {high:g}"
        value = self._value(name, expected, required=False)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            self.fault(name, "is not a number in range", expected)
            return default
        return float(value)

    def duration(self, name: str, low: timedelta, high: timedelta, default: timedelta) -> timedelta:
        """A duration from `low` to `high`."""
        value = self._value(name, DURATION_EXPECTED, required=False)
        if value is None:
            return default
        duration = parse_duration(value) if isinstance(value, (str, int, float)) else None
        if duration is None:
            self.fault(name, "is not a duration", DURATION_EXPECTED)
        elif not low <= duration <= high:
            self.fault(name, "is out of range", f"{low.total_seconds():g} to {high.total_seconds():g} seconds")
        else:
            return duration
        return default

    def choice(self, name: str, default: _E) -> _E:
        """One of the values of an enumeration."""
        value = self.members[name] if self.has(name) else None
        if value is None:
            return default
        if isinstance(value, str) and value in list(type(default)):
            return type(default)(value)
        self.fault(name, "is none of the choices", " or ".join(f'"{choice}"' for choice in type(default)))
        return default

    def section(self, name: str, *, required: bool) -> Section | None:
        """A member that is an object."""
        value = self._value(name, "an object with named members", required=required)
        return None if value is None else Section.of(value, step(self.pointer, name), self.faults)

    def items(self, name: str, most: int, what: str) -> Iterator[tuple[str, object]]:
        """The elements of a required list of 1 to `most` of `what`, each with its pointer."""
        expected = f"a list of 1 to {most} {what}"
        value = self._value(name, expected, required=True)
        if value is None:
            return
        if not isinstance(value, (list, tuple)):
            self.fault(name, "is not a list", expected)
        elif not 1 <= len(value) <= most:
            self.fault(name, "is empty" if not value else f"is too long: {len(value)}", expected)
        else:
            for index, element in enumerate(value):
                yield step(step(self.pointer, name), index), element

    def _value(self, name: str, expected: str, *, required: bool) -> object:
        if not self.has(name):
            if required:
                self.fault(name, "is missing", expected)
            return None
        return self.members[name]


def refuse_unstorable(value: object, faults: Faults, pointer: str = "") -> None:
    """A fault for everything in a document that is not JSON as we store it."""
    if not _is_json(value, MAX_DOCUMENT_DEPTH):
        _refuse(value, faults, pointer, 0)


def _is_json(value: Any, depth_left: int) -> bool:  # noqa: ANN401  # whatever a document holds
    """Whether a value certainly is JSON as we store it: then there is nothing to be looked for place by place."""
    kind = value.__class__
    if kind is str:
        return _is_storable(value)
    if kind is dict or kind is list:
        if depth_left <= 0:
            return False
        if kind is dict:
            for name in value:
                if name.__class__ is not str or not _is_storable(name):
                    return False
            value = value.values()
        for member in value:  # noqa: SIM110  # a loop costs half of all() over a generator here
            if not _is_json(member, depth_left - 1):
                return False
        return True
    if kind is int:
        return bool(value.bit_length() <= MAX_BITS)
    return kind is bool or value is None or (kind is float and math.isfinite(value))


def _refuse(value: object, faults: Faults, pointer: str, depth: int) -> None:
    if depth > MAX_DOCUMENT_DEPTH:
        faults.add(pointer, "is nested too deep", f"at most {MAX_DOCUMENT_DEPTH} levels")
    elif isinstance(value, str):
        if not _is_storable(value):
            faults.add(pointer, "has a character that cannot be stored", "text without U+0000 and half surrogate pairs")
    elif isinstance(value, Mapping):
        for name, member in value.items():
            if not isinstance(name, str) or not _is_storable(name):
                faults.add(pointer, "has a member whose name is not a text", 'names in quotes, such as "on"')
            else:
                _refuse(member, faults, step(pointer, name), depth + 1)
    elif isinstance(value, (list, tuple)):
        for index, element in enumerate(value):
            _refuse(element, faults, step(pointer, index), depth + 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            faults.add(pointer, "is not a finite number", "a number")
    elif isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            faults.add(pointer, "has too many digits", "a number of up to 4,300 digits")
    elif value is not None:
        faults.add(pointer, f"is a {type(value).__name__}, which JSON does not have", "a text in quotes")


def storable(value: object, depth: int = 0) -> object:
    """The document with something harmless for all that `refuse_unstorable` refuses: its other faults can be told."""
    if depth > MAX_DOCUMENT_DEPTH:
        return None
    if isinstance(value, Mapping):
        members = {name: member for name, member in value.items() if isinstance(name, str) and _is_storable(name)}
        return {name: storable(member, depth + 1) for name, member in members.items()}
    if isinstance(value, (list, tuple)):
        return [storable(element, depth + 1) for element in value]
    if isinstance(value, str):
        return value if _is_storable(value) else "?"
    if isinstance(value, float):
        return value if math.isfinite(value) else 0
    if isinstance(value, int):
        return value if value.bit_length() <= MAX_BITS else 0
    return None


def _is_storable(text: str) -> bool:
    if text.isascii():
        return "\x00" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
