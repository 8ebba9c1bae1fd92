"""The reader of one matcher of an EventBridge pattern, such as `{"prefix": "a"}`. Used by `pattern_reader`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from ensue.core.conditions.dialects.addresses import address_of
from ensue.core.conditions.dialects.doubles import fits_a_double
from ensue.core.conditions.dialects.faults import step
from ensue.core.conditions.dialects.pattern_tree import (
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exists,
    Matcher,
    Numeric,
    Positive,
    Prefix,
    Scalar,
    Suffix,
    Wildcard,
)
from ensue.core.json import Json

MAX_MATCHERS: Final = 500
MAX_STARS: Final = 10
_EXPECTED_NUMERIC: Final = 'such as ["=", 5], ["<", 10] or [">=", 0, "<", 10]'


class MatcherReader:
    """Reads matchers one after the other; what is wrong goes to `fault(pointer, message, expected)`."""

    def __init__(self, fault: Callable[[str, str, str | None], None]) -> None:
        self._fault = fault
        self._count = 0

    def read(self, value: Json, pointer: str) -> Sequence[Matcher]:
        """The next matcher of a pattern; none where it is wrong."""
        self._count += 1
        if self._count == MAX_MATCHERS + 1:
            self._fault(pointer, "is one matcher too many", f"at most {MAX_MATCHERS} matchers")
        return self.matcher(value, pointer)

    def matcher(self, value: Json, pointer: str) -> Sequence[Matcher]:
        """A matcher for itself; none where it is wrong."""
        if value is None or isinstance(value, (str, bool, int, float)):
            return self._scalar(value, pointer)
        if not isinstance(value, Mapping) or len(value) != 1:
            self._fault(pointer, "is not a matcher", 'a value, or an object with one member such as {"prefix": "a"}')
            return ()
        ((name, operand),) = value.items()
        read = _READERS.get(name)
        place = step(pointer, name)
        if read is None:
            near = get_close_matches(name, _READERS, 1)
            meant = f'; did you mean "{near[0]}"?' if near else ""
            self._fault(place, f"is an unknown matcher{meant}", ", ".join(sorted(_READERS)))
            return ()
        made = read(self, operand, place)
        return () if made is None else (made,)

    def _scalar(self, value: Scalar, pointer: str) -> Sequence[Scalar]:
        if isinstance(value, float) and not math.isfinite(value):
            self._fault(pointer, "is not a finite number", "a number")
            return ()
        return (_builtin(value),)

    def _text(self, value: Json, pointer: str, *, empty: bool = True) -> str | None:
        if not isinstance(value, str):
            self._fault(pointer, "is not a text", "a text")
            return None
        if not value and not empty:
            self._fault(pointer, "is an empty text, which would exclude every text", "at least one character")
            return None
        return str.__str__(value)

    def _prefix(self, value: Json, pointer: str) -> Prefix | None:
        text, folded = self._foldable(value, pointer)
        return None if text is None else Prefix(text, folded)

    def _suffix(self, value: Json, pointer: str) -> Suffix | None:
        text, folded = self._foldable(value, pointer)
        return None if text is None else Suffix(text, folded)

    def _foldable(self, value: Json, pointer: str) -> tuple[str | None, bool]:
        if not isinstance(value, Mapping):
            return self._text(value, pointer), False
        if list(value) != ["equals-ignore-case"]:
            self._fault(pointer, "is neither a text nor equals-ignore-case", '"a" or {"equals-ignore-case": "a"}')
            return None, False
        return self._text(value["equals-ignore-case"], step(pointer, "equals-ignore-case")), True

    def _equals_ignore_case(self, value: Json, pointer: str) -> EqualsIgnoreCase | None:
        text = self._text(value, pointer)
        return None if text is None else EqualsIgnoreCase(text)

    def _wildcard(self, value: Json, pointer: str) -> Wildcard | None:
        text = self._text(value, pointer)
        if text is None:
            return None
        parts = _parts(text)
        if isinstance(parts, str):
            self._fault(pointer, parts, r"text with single stars; \* is a star and \\ a backslash")
            return None
        if len(parts) > MAX_STARS + 1:
            self._fault(pointer, f"has {len(parts) - 1} stars", f"at most {MAX_STARS} stars")
        return Wildcard(parts)

    def _exists(self, value: Json, pointer: str) -> Exists | None:
        if isinstance(value, bool):
            return Exists(value)
        self._fault(pointer, "is not true or false", "true or false")
        return None

    def _anything_but(self, value: Json, pointer: str) -> AnythingBut | None:
        if isinstance(value, Mapping):
            return self._anything_but_like(value, pointer)
        values = list(value) if isinstance(value, (list, tuple)) else [value]
        texts = sum(isinstance(member, str) for member in values)
        numbers = sum(_is_finite(member) for member in values)
        if not values or len(values) not in (texts, numbers):
            expected = "a text, a number, or a list of texts only or of numbers only"
            self._fault(pointer, "is not what can be excluded", expected)
            return None
        return AnythingBut(tuple(_builtin(member) for member in values if isinstance(member, (str, int, float))))

    def _anything_but_like(self, value: Mapping[str, Json], pointer: str) -> AnythingBut | None:
        readers: dict[str, Callable[[Json, str], Positive | None]] = {
            "prefix": lambda text, place: _made(Prefix, self._text(text, place, empty=False)),
            "suffix": lambda text, place: _made(Suffix, self._text(text, place, empty=False)),
            "equals-ignore-case": self._equals_ignore_case,
            "wildcard": self._wildcard,
        }
        if len(value) != 1 or next(iter(value)) not in readers:
            self._fault(pointer, "excludes nothing that is known", f"one of {', '.join(readers)}")
            return None
        ((name, operand),) = value.items()
        place = step(pointer, name)
        if not isinstance(operand, (list, tuple)):
            found = [readers[name](operand, place)]
        else:
            if not operand:
                self._fault(place, "is an empty array", "at least one text")
            found = [readers[name](member, step(place, index)) for index, member in enumerate(operand)]
        return AnythingBut(tuple(member for member in found if member is not None))

    def _numeric(self, value: Json, pointer: str) -> Numeric | None:
        terms = _numeric_terms(value)
        if terms is None:
            self._fault(pointer, "is not a comparison of numbers", _EXPECTED_NUMERIC)
            return None
        (first, bound), second = terms[0], terms[1] if len(terms) == 2 else None
        if first == "=":
            return Numeric(bound, bound, low_included=True, high_included=True)
        if first in ("<", "<="):
            return Numeric(high=bound, high_included=first == "<=")
        if second is None:
            return Numeric(low=bound, low_included=first == ">=")
        if not bound < second[1]:
            self._fault(pointer, "can never be true: the lower bound is not below the upper one", _EXPECTED_NUMERIC)
        return Numeric(bound, second[1], low_included=first == ">=", high_included=second[0] == "<=")

    def _cidr(self, value: Json, pointer: str) -> Cidr | None:
        text = self._text(value, pointer)
        if text is None:
            return None
        address, _, mask = text.partition("/")
        bits = int(mask) if mask.isascii() and mask.isdigit() and len(mask) <= 3 else -1
        number = address_of(address)
        if number is None or not 0 <= bits < (32 if number[0] == 4 else 128):
            self._fault(pointer, "is not a block of addresses", 'such as "10.0.0.0/24" or "2001:db8::/32"')
            return None
        version, integer = number
        host = (1 << (32 if version == 4 else 128) - bits) - 1
        return Cidr(version, integer & ~host, integer | host)


_READERS: Final[Mapping[str, Callable[[MatcherReader, Json, str], Matcher | None]]] = {
    "exactly": MatcherReader._text,  # the class's own, as all of these
    "prefix": MatcherReader._prefix,
    "suffix": MatcherReader._suffix,
    "equals-ignore-case": MatcherReader._equals_ignore_case,
    "wildcard": MatcherReader._wildcard,
    "anything-but": MatcherReader._anything_but,
    "numeric": MatcherReader._numeric,
    "exists": MatcherReader._exists,
    "cidr": MatcherReader._cidr,
}


def _parts(text: str) -> tuple[str, ...] | str:
    """The literal parts of a wildcard, or what is wrong with it."""
    parts, current, index = [], "", 0
    while index < len(text):
        character = text[index]
        if character == "*":
            if text[index + 1 : index + 2] == "*":
                return f"has two stars in a row at position {index}"
            parts.append(current)
            current = ""
        elif character == "\\":
            index += 1
            if text[index : index + 1] not in ("*", "\\"):
                return f"has a backslash at position {index - 1} that escapes nothing"
            current += text[index]
        else:
            current += character
        index += 1
    return (*parts, current)


def _numeric_terms(value: Json) -> list[tuple[str, int | float]] | None:
    """[(operator, bound)], one or two; None if this is no numeric matcher."""
    if not isinstance(value, (list, tuple)) or len(value) not in (2, 4):
        return None
    terms: list[tuple[str, int | float]] = []
    for operator, bound in zip(value[::2], value[1::2], strict=True):
        if not isinstance(operator, str) or not isinstance(bound, (int, float)) or not _is_finite(bound):
            return None
        if not fits_a_double(bound):
            return None
        terms.append((operator, bound))
    if len(terms) == 2:
        return terms if terms[0][0] in (">", ">=") and terms[1][0] in ("<", "<=") else None
    return terms if terms[0][0] in ("=", "<", "<=", ">", ">=") else None


def _is_finite(value: Json) -> bool:
    if isinstance(value, int):  # of any size: isfinite could not take it
        return not isinstance(value, bool)
    return isinstance(value, float) and math.isfinite(value)


def _builtin(value: Scalar) -> Scalar:
    """The value as what it is derived from, as a member of an enumeration is; JSON knows nothing else."""
    match value:
        case bool() | None:
            return value
        case str():
            return str.__str__(value)
        case int():
            return int.__int__(value)
    return float.__float__(value)


def _made(kind: Callable[[str], Positive], text: str | None) -> Positive | None:
    return None if text is None else kind(text)
