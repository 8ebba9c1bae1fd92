"""Tests of one value at one field, MISSING included: what is checked where no table has proven a field."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from ensue.core.conditions.dialects.doubles import fits_a_double
from ensue.core.conditions.dialects.eventbridge import Exact, Exists, FieldPattern, Matcher, Numeric
from ensue.core.conditions.dialects.pattern_tests import compile_matchers
from ensue.matching.rules import MISSING, canonical

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
    if len(matchers) == 1 and isinstance(matchers[0], Numeric):
        return _numeric(matchers[0])
    if matchers and all(isinstance(matcher, Exact) for matcher in matchers):
        wanted = frozenset(canonical(matcher.value) for matcher in matchers if isinstance(matcher, Exact))
        return lambda value: canonical(value) in wanted
    return compile_matchers(matchers)


def _is_safe(matchers: tuple[Matcher, ...]) -> bool:
    """Whether the test is false of MISSING by itself."""
    return all(isinstance(matcher, (Exact, Numeric)) for matcher in matchers)


def _numeric(wanted: Numeric) -> ValueTest:
    low = -inf if wanted.low is None else wanted.low
    high = inf if wanted.high is None else wanted.high
    least, most = wanted.low is None or wanted.low_included, wanted.high is None or wanted.high_included
    if least and most:
        return lambda value: _is_number(value) and low <= value <= high
    if least:
        return lambda value: _is_number(value) and low <= value < high
    if most:
        return lambda value: _is_number(value) and low < value <= high
    return lambda value: _is_number(value) and low < value < high


def _is_number(value: object) -> bool:
    return value.__class__ is float or (value.__class__ is int and fits_a_double(value))  # type: ignore[arg-type]
