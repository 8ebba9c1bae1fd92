"""Tests of one value at one field, MISSING included: what is checked where no table has proven a field."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf, nextafter
from typing import Any

from ensue.core.conditions.dialects.doubles import fits_a_double
from ensue.core.conditions.dialects.eventbridge import (
    AnythingBut,
    EqualsIgnoreCase,
    Exact,
    Exists,
    FieldPattern,
    Matcher,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)
from ensue.core.conditions.dialects.pattern_tests import compile_matchers, fits
from ensue.matching.leaves import Leaves
from ensue.matching.rules import MISSING, Alternative, canonical
from ensue.matching.source import conjunction

ValueTest = Callable[[Any], bool]
_ABSENT = Exists(present=False)


def may_be_absent(field: FieldPattern) -> bool:
    """Whether the field is content with a path that leads to nothing."""
    return _ABSENT in field.matchers


def test_of(field: FieldPattern) -> ValueTest:
    """A test of the value at the field's path."""
    present = tuple(matcher for matcher in field.matchers if matcher != _ABSENT)
    holds = _of_present(present)
    if len(present) < len(field.matchers):
        return lambda value: value is MISSING or holds(value)
    if _is_safe(present):
        return holds
    return lambda value: value is not MISSING and holds(value)


def _of_present(matchers: tuple[Matcher, ...]) -> ValueTest:
    """The quick tests of what is most common; what is not among them is left to the dialect's own."""
    if matchers and all(isinstance(matcher, Exact) for matcher in matchers):
        wanted = frozenset(canonical(matcher.value) for matcher in matchers if isinstance(matcher, Exact))
        return lambda value: canonical(value) in wanted
    if len(matchers) == 1:
        match matchers[0]:
            case Numeric():
                return _numeric(matchers[0])
            case Prefix(text, folded=False):
                return lambda value: value.__class__ is str and value.startswith(text)
            case Suffix(text, folded=False):
                return lambda value: value.__class__ is str and value.endswith(text)
            case EqualsIgnoreCase(text) if text.isascii():
                low = text.lower()
                return lambda value: value.__class__ is str and value.lower() == low and value.isascii()
            case Wildcard(parts):
                return lambda value: value.__class__ is str and fits(value, parts)
            case AnythingBut(excluded) if all(isinstance(each, Exact) for each in excluded):
                refused = frozenset(canonical(each.value) for each in excluded if isinstance(each, Exact))
                return lambda value: canonical(value) not in refused
    return compile_matchers(matchers)


def _is_safe(matchers: tuple[Matcher, ...]) -> bool:
    """Whether the test is false of MISSING by itself."""
    return all(
        isinstance(matcher, (Exact, Numeric, Prefix, Suffix, EqualsIgnoreCase, Wildcard)) for matcher in matchers
    )


def closed(wanted: Numeric) -> tuple[float, float]:
    """The least and the greatest number within a range: between doubles there is nothing to be missed."""
    low = -inf if wanted.low is None else wanted.low
    high = inf if wanted.high is None else wanted.high
    if wanted.low is not None and not wanted.low_included:
        low = nextafter(low, inf)
    if wanted.high is not None and not wanted.high_included:
        high = nextafter(high, -inf)
    return low, high


def _numeric(wanted: Numeric) -> ValueTest:
    low, high = closed(wanted)
    return lambda value: _is_number(value) and low <= value <= high


def _is_number(value: Any) -> bool:  # noqa: ANN401  # whatever stands in an event
    return value.__class__ is float or (value.__class__ is int and fits_a_double(value))


def leaves_test_of(field: FieldPattern) -> Callable[[Leaves], bool]:
    """A test of all that stands at the field's path: any of it must do."""
    path, absent = field.path, may_be_absent(field)
    present = tuple(matcher for matcher in field.matchers if matcher != _ABSENT)
    if present and all(isinstance(matcher, Exact) for matcher in present):
        wanted = frozenset(canonical(matcher.value) for matcher in present if isinstance(matcher, Exact))
        if len(wanted) == 1 and not absent and (only := next(iter(wanted))).__class__ is str:
            return lambda leaves: only in leaves(path)
        if all(value.__class__ is str for value in wanted):  # then nothing of another type can be taken for one
            return lambda leaves: not wanted.isdisjoint(leaves(path)) or (absent and not leaves(path))
        return lambda leaves: not wanted.isdisjoint(leaves.keys(path)) or (absent and not leaves(path))
    holds = _of_present(present)

    def test(leaves: Leaves) -> bool:
        values = leaves(path)
        return any(map(holds, values)) if values else absent

    return test


def alternatives_test_of(alternatives: Iterable[Alternative]) -> Callable[[Leaves], bool]:
    """A test of whether every field of one alternative holds, each for itself."""
    tests = [[leaves_test_of(field) for field in alternative] for alternative in alternatives]
    if len(tests) == 1:
        return conjunction(["e"] * len(tests[0]), tests[0])
    return lambda leaves: any(all(test(leaves) for test in each) for each in tests)
