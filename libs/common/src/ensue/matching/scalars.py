"""Tests of one value at one field, MISSING included: what is checked where no table has proven a field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf, nextafter
from sys import intern
from typing import Any

from ensue.core.conditions.dialects.doubles import EXACT, fits_a_double
from ensue.core.conditions.dialects.eventbridge import (
    AnythingBut,
    EqualsIgnoreCase,
    Exists,
    FieldPattern,
    Matcher,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
    are_texts,
    is_scalar,
)
from ensue.core.conditions.dialects.pattern_tests import compile_matchers, fits
from ensue.matching.leaves import Leaves
from ensue.matching.rules import MISSING, Alternative, canonical
from ensue.matching.source import Function, conjunction, function

ValueTest = Callable[[Any], bool]
_ABSENT = Exists(present=False)
_INLINE: Mapping[tuple[Matcher, ...], str] = {
    (Exists(present=True),): "{v} is not MISSING",
    (Exists(present=False),): "{v} is MISSING",
}


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
    if matchers and all(map(is_scalar, matchers)):
        wanted = frozenset(map(canonical, matchers))
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
            case AnythingBut(excluded) if all(map(is_scalar, excluded)):
                refused = frozenset(map(canonical, excluded))
                return lambda value: canonical(value) not in refused
    return compile_matchers(matchers)


def _is_safe(matchers: tuple[Matcher, ...]) -> bool:
    """Whether the test is false of MISSING by itself."""
    return all(
        is_scalar(matcher) or isinstance(matcher, (Numeric, Prefix, Suffix, EqualsIgnoreCase, Wildcard))
        for matcher in matchers
    )


def closed(wanted: Numeric) -> tuple[float, float]:
    """The least and the greatest double within a range: what is compared with it is a double, too."""
    low = -inf if wanted.low is None else _double(wanted.low, inf, itself=wanted.low_included)
    high = inf if wanted.high is None else _double(wanted.high, -inf, itself=wanted.high_included)
    return low, high


def _double(bound: float, onward: float, *, itself: bool) -> float:
    """The first double from a bound in the direction of `onward`; `itself` = the bound may be it."""
    try:
        near = float(bound)
    except OverflowError:
        near = inf if bound > 0 else -inf
    is_before = near < bound if onward > 0 else near > bound
    return near if not is_before and (itself or near != bound) else nextafter(near, onward)


def _numeric(wanted: Numeric) -> ValueTest:
    low, high = closed(wanted)
    return lambda value: _is_number(value) and low <= value <= high


def _is_number(value: Any) -> bool:  # noqa: ANN401  # whatever stands in an event
    return value.__class__ is float or (value.__class__ is int and fits_a_double(value))


def inline_test(expressions: Sequence[str], fields: Sequence[FieldPattern]) -> Function:
    """A function that says of a decoded event whether every field holds at its expression, written as one source."""
    terms: list[str] = []
    constants: list[tuple[str, object]] = []
    for index, (expression, field) in enumerate(zip(expressions, fields, strict=True)):
        term, values = _term(field)
        names = [f"c{index}_{position}" for position in range(len(values))]
        terms.append(term.format(*names, v=expression, x=f"x{index}"))
        constants += zip(names, values, strict=True)
    body = f"def run(e): return {' and '.join(terms) or 'True'}"
    return function([name for name, _ in constants], body, [value for _, value in constants])


def _term(field: FieldPattern) -> tuple[str, tuple[object, ...]]:
    """The source of a test of the value {v}, with a name {x} of its own, and its constants."""
    if field.matchers in _INLINE:
        return _INLINE[field.matchers], ()
    if len(field.matchers) == 1:
        match field.matchers[0]:
            case str() as text:
                return "{v} == {0}", (intern(text),)
            case Prefix(text, folded=False):
                return "({x} := {v}).__class__ is str and {x}.startswith({0})", (intern(text),)
            case Suffix(text, folded=False):
                return "({x} := {v}).__class__ is str and {x}.endswith({0})", (intern(text),)
            case EqualsIgnoreCase(text) if text.isascii():
                return "({x} := {v}).__class__ is str and {x}.lower() == {0} and {x}.isascii()", (text.lower(),)
            case Wildcard((head, tail)):
                least = len(head) + len(tail)
                shape = (
                    "({x} := {v}).__class__ is str and {x}.startswith({0}) and {x}.endswith({1}) and len({x}) >= {2}"
                )
                return shape, (intern(head), intern(tail), least)
            case Wildcard((head, middle, tail)):
                ends = "{x}.startswith({0}) and {x}.endswith({2}) and {x}.find({1}, {3}, len({x}) - {4}) >= 0"
                constants = (intern(head), middle, intern(tail), len(head), len(tail))
                return f"({{x}} := {{v}}).__class__ is str and {ends}", constants
            case AnythingBut(excluded) if (texts := _texts(excluded)) is not None:
                return "({x} := {v}) is not MISSING and {x} not in {0}", (texts,)
            case AnythingBut(excluded) if (affixes := _affixes(excluded, Prefix)) is not None:
                return "({x} := {v}) is not MISSING and not ({x}.__class__ is str and {x}.startswith({0}))", (affixes,)
            case AnythingBut(excluded) if (affixes := _affixes(excluded, Suffix)) is not None:
                return "({x} := {v}) is not MISSING and not ({x}.__class__ is str and {x}.endswith({0}))", (affixes,)
            case Numeric():
                return _numeric_term(field.matchers[0])
    if (texts := _texts(field.matchers)) is not None:
        return "{v} in {0}", (texts,)
    return "{0}({v})", (test_of(field),)


def _texts(matchers: Sequence[Matcher]) -> frozenset[Matcher] | None:
    """The texts that the matchers want, where they want nothing but texts."""
    return frozenset(matchers) if are_texts(matchers) else None


def _affixes(matchers: Iterable[Matcher], kind: type[Prefix | Suffix]) -> tuple[str, ...] | None:
    """The beginnings (or ends) that the matchers want, where they want nothing but those, in their own case."""
    ends = [each.text if isinstance(each, kind) and not each.folded else None for each in matchers]
    return tuple(text for text in ends if text is not None) if None not in ends else None


def _numeric_term(wanted: Numeric) -> tuple[str, tuple[object, ...]]:
    """Whole numbers beyond 2**53 are asked whether they fit a double; with a bound on that side they never get here."""
    low, high = closed(wanted)
    term = "(({x} := {v}).__class__ is float or {x}.__class__ is int)"
    if low >= -EXACT and high <= EXACT:
        return term + " and {0} <= {x} <= {1}", (low, high)
    if low >= -EXACT and high == inf:
        return term + " and {x} >= {0} and ({x} <= 9007199254740992 or {1}({x}))", (low, fits_a_double)
    if low == -inf and high <= EXACT:
        return term + " and {x} <= {0} and ({x} >= -9007199254740992 or {1}({x}))", (high, fits_a_double)
    return term + " and {0} <= {x} <= {1} and {2}({x})", (low, high, fits_a_double)


def leaves_test_of(field: FieldPattern) -> Callable[[Leaves], bool]:
    """A test of all that stands at the field's path: any of it must do."""
    path, absent = field.path, may_be_absent(field)
    present = tuple(matcher for matcher in field.matchers if matcher != _ABSENT)
    if present and all(map(is_scalar, present)):
        wanted = frozenset(map(canonical, present))
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
