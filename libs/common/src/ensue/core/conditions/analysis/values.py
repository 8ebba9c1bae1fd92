"""Single values: is there one that passes some tests and fails others? Used by `fields`.

Numbers and texts are cut into regions by the constants of the tests; within one region every comparison decides alike,
so trying one value of each region tries all. `starts_with` cuts like a comparison: its texts lie side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Final

from ensue.core.conditions.analysis.effort import Effort, weight_of
from ensue.core.conditions.operator import ValueTest
from ensue.core.conditions.values import is_number
from ensue.core.json import Json

_REGIONAL: Final = frozenset({
    "eq", "neq", "in", "not_in", "gt", "gte", "lt", "lte", "between", "starts_with", "is_null",
})  # fmt: skip
_LISTING: Final = frozenset({"eq", "in"})
_OTHERS: Final[tuple[Json, ...]] = (None, True, False, {}, {"x": 1}, [], [[]])
_LAST: Final = "\U0010ffff"


class Kind(Enum):
    """Which values a field can have at all."""

    ANY = "any"
    TEXT = "text"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one test asks of a single value; `denied` = it must fail it."""

    operator: str
    value: Json
    passes: ValueTest
    denied: bool

    def takes(self, actual: Json) -> bool:
        """Whether a value is as asked."""
        return self.passes(actual) is not self.denied

    @property
    def constants(self) -> Sequence[Json]:
        """The scalars that it compares with."""
        return self.value if isinstance(self.value, (list, tuple)) else (self.value,)


@dataclass(frozen=True, slots=True)
class Found:
    """A value that is as all ask."""

    value: Json


class Nothing(Enum):
    """No value found: there is none for certain, or it is not known."""

    NONE = "none"
    UNKNOWN = "unknown"


def value_for(wanted: Sequence[Wanted], kind: Kind, effort: Effort) -> Found | Nothing:
    """A value that is as all of `wanted` ask."""
    effort.spend(sum(1 + weight_of(each.value) for each in wanted))
    listed = [each for each in wanted if each.operator in _LISTING and not each.denied]
    candidates: Iterable[Json] = _candidates(wanted, kind)
    if listed and kind is not Kind.LENGTH:
        candidates = [value for value in min((each.constants for each in listed), key=len) if _is_of(value, kind)]
    for value in candidates:
        effort.spend(1 + len(wanted) * (1 + weight_of(value)))
        if all(each.takes(value) for each in wanted):
            return Found(value)
    if listed or kind is Kind.LENGTH or _differ_in_ends(wanted):
        return Nothing.NONE
    return Nothing.NONE if all(each.operator in _REGIONAL for each in wanted) else Nothing.UNKNOWN


def _candidates(wanted: Sequence[Wanted], kind: Kind) -> Iterator[Json]:
    constants = [constant for each in wanted for constant in each.constants]
    numbers = [constant for constant in constants if isinstance(constant, (int, float)) and is_number(constant)]
    if kind is Kind.LENGTH:
        yield from _lengths(numbers)
        return
    yield from _texts([constant for constant in constants if isinstance(constant, str)], wanted)
    if kind is Kind.ANY:
        yield from _numbers(numbers)
        yield from _OTHERS


def _lengths(constants: Sequence[float]) -> Iterator[int]:
    near = {floor(constant) + shift for constant in constants for shift in (-1, 0, 1, 2)} | {0, 1}
    yield from sorted(length for length in near if length >= 0)


def _numbers(constants: Sequence[float]) -> Iterator[float]:
    """Each constant, and a number in each gap between them that holds one: a double's middle, or a whole number."""
    ordered = sorted(set(constants))
    if not ordered:
        yield 0
        return
    yield from ordered
    yield floor(ordered[0]) - 1
    yield floor(ordered[-1]) + 1
    for low, high in pairwise(ordered):
        yield floor(low) + 1
        yield _double((Fraction(low) + Fraction(high)) / 2, low)


def _double(number: Fraction, otherwise: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return otherwise


def _texts(constants: Sequence[str], wanted: Sequence[Wanted]) -> Iterator[str]:
    """The least text, each constant, the least text after each, and the least after all that begin with it."""
    yield "x"
    yield ""
    for text in dict.fromkeys(constants):
        yield text
        yield f"{text}\x00"
        after = _after_all_that_begin_with(text)
        if after is not None:
            yield after
            yield f"{after}\x00"
    yield _LAST * (1 + max(map(len, constants), default=0))
    yield from _assembled(wanted)


def _assembled(wanted: Sequence[Wanted]) -> Iterator[str]:
    """Texts with the wanted beginnings, parts and ends put together; a guess where regions do not help."""
    whole = _part(wanted, "starts_with") + _part(wanted, "contains") + _part(wanted, "ends_with")
    if whole:
        yield whole


def _part(wanted: Sequence[Wanted], name: str) -> str:
    """The longest text that a value must have at one place."""
    texts = [
        each.value
        for each in wanted
        if not each.denied and each.operator.removesuffix("_ci") == name and isinstance(each.value, str)
    ]
    return max(texts, key=len, default="")


def _after_all_that_begin_with(text: str) -> str | None:
    """The least text that is greater than all that begin with `text`; None where nothing is."""
    stem = text.rstrip(_LAST)
    if not stem:
        return None
    code = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if 0xD800 <= code <= 0xDFFF else code)


def _differ_in_ends(wanted: Sequence[Wanted]) -> bool:
    """Whether two wanted ends of a text exclude each other."""
    ends = [each.value for each in wanted if each.operator == "ends_with" and not each.denied]
    texts = sorted((end for end in ends if isinstance(end, str)), key=len)
    return any(not longer.endswith(shorter) for shorter, longer in pairwise(texts))


def _is_of(value: Json, kind: Kind) -> bool:
    return kind is Kind.ANY or isinstance(value, str)
