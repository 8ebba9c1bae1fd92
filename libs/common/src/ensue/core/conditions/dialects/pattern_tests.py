"""What each matcher of an EventBridge pattern says of one scalar. Used by `pattern_match`; checked on event-ruler.

Texts are compared by code points, numbers as numbers, and nothing is cast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ensue.core.conditions.dialects.addresses import address_of
from ensue.core.conditions.dialects.doubles import fits_a_double
from ensue.core.conditions.dialects.pattern_tree import (
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exists,
    Matcher,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)
from ensue.core.conditions.values import is_number, on_text, same_as
from ensue.core.json import Json

ScalarTest = Callable[[Json], bool]


def compile_matchers(matchers: Sequence[Matcher]) -> ScalarTest:
    """A test that passes where one of `matchers` does; of a scalar, which is there."""
    tests = [_compile(matcher) for matcher in matchers]
    return tests[0] if len(tests) == 1 else lambda actual: any(test(actual) for test in tests)


def _compile(matcher: Matcher) -> ScalarTest:
    match matcher:
        case str() | int() | float() | None:
            return same_as(matcher)
        case Exists(present):
            return lambda _: present
        case Numeric():
            return _numeric(matcher)
        case Cidr():
            return _cidr(matcher)
        case AnythingBut(excluded):
            tests = [_compile(each) for each in excluded]
            return lambda actual: not any(test(actual) for test in tests)
    return on_text(_compile_text(matcher))


def _compile_text(matcher: Prefix | Suffix | EqualsIgnoreCase | Wildcard) -> Callable[[str], bool]:
    match matcher:
        case Prefix(text, folded=True):
            return begins_without_case(text)
        case Prefix(text):
            return lambda actual: actual.startswith(text)
        case Suffix(text, folded=True):
            return ends_without_case(text)
        case Suffix(text):
            return lambda actual: actual.endswith(text)
        case EqualsIgnoreCase(text):
            return without_case(text)
        case Wildcard(parts):
            return lambda actual: fits(actual, parts)


def without_case(wanted: str) -> Callable[[str], bool]:
    """A test for `wanted` in whatever case: each character may stand as its upper or its lower case ("ß" as "SS")."""
    spellings = [(character.lower(), character.upper()) for character in wanted]
    if all(len(lower) == len(upper) == 1 for lower, upper in spellings):
        return lambda actual: len(actual) == len(spellings) and all(map(tuple.__contains__, spellings, actual))
    return lambda actual: len(actual) in _ends(actual, spellings)


def begins_without_case(wanted: str) -> Callable[[str], bool]:
    """A test for texts that begin with `wanted` in whatever case."""
    spellings = [(character.lower(), character.upper()) for character in wanted]
    return lambda actual: bool(_ends(actual, spellings))


def _ends(actual: str, spellings: Sequence[tuple[str, str]]) -> set[int]:
    """Where in `actual` the spellings, one after the other from its beginning, may come to their end."""
    places = {0}
    for pair in spellings:
        places = {place + len(text) for place in places for text in pair if actual.startswith(text, place)}
    return places


def ends_without_case(wanted: str) -> Callable[[str], bool]:
    """A test for texts that end with `wanted` in whatever case."""
    spellings = [(character.lower()[::-1], character.upper()[::-1]) for character in reversed(wanted)]
    return lambda actual: bool(_ends(actual[::-1], spellings))


def fits(actual: str, parts: Sequence[str]) -> bool:
    """Whether `actual` is `parts` with anything between them. Linear: each part is taken at its first place."""
    if len(parts) == 1:
        return actual == parts[0]
    head, *middle, tail = parts
    if len(actual) < len(head) + len(tail) or not actual.startswith(head) or not actual.endswith(tail):
        return False
    place, end = len(head), len(actual) - len(tail)
    for part in middle:
        place = actual.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


def _numeric(wanted: Numeric) -> ScalarTest:
    def test(actual: Json) -> bool:
        if not isinstance(actual, (int, float)) or not is_number(actual) or not fits_a_double(actual):
            return False
        if wanted.low is not None and not (actual > wanted.low or (wanted.low_included and actual == wanted.low)):
            return False
        return wanted.high is None or actual < wanted.high or (wanted.high_included and actual == wanted.high)

    return test


def _cidr(wanted: Cidr) -> ScalarTest:
    def test(actual: Json) -> bool:
        address = address_of(actual) if isinstance(actual, str) else None
        return address is not None and address[0] == wanted.version and wanted.first <= address[1] <= wanted.last

    return test
