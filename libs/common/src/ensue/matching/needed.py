"""From what a condition needs (`ensue.core.conditions.needed`) to alternatives of fields. Called by `candidates`.

Necessary only: what the index cannot promise never to miss is left out, and the condition itself decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ensue.core.conditions.dialects.doubles import EXACT
from ensue.core.conditions.dialects.eventbridge import (
    FieldPattern,
    Matcher,
    Numeric,
    Path,
    Prefix,
    Suffix,
    Wildcard,
)
from ensue.core.conditions.keys import (
    AllOf,
    Between,
    Equals,
    Keys,
    Lookup,
    Matched,
    Needed,
    Prefixes,
    Substrings,
    Suffixes,
)
from ensue.core.conditions.needed import needed
from ensue.core.conditions.tree import Condition
from ensue.matching.rules import Alternative

MOST_ALTERNATIVES: Final = 64
EVERYTHING: Final[tuple[Alternative, ...]] = ((),)
_UNREAD: Final = ("time",)


def alternatives_of(condition: Condition) -> tuple[Alternative, ...]:
    """Alternatives of which an event that fulfils the condition fulfils one; an empty one where nothing is known."""
    try:
        what = needed(condition)
    except Exception:  # noqa: BLE001  # a condition that cannot be read errs when it is asked, and asked it must be
        return EVERYTHING
    return EVERYTHING if what is None else _alternatives(what)


def endless(alternatives: Iterable[Alternative]) -> Iterable[Path]:
    """The paths at which numbers of any size are looked up."""
    return [
        field.path
        for alternative in alternatives
        for field in alternative
        for matcher in field.matchers
        if matcher.__class__ is Numeric and (matcher.low is None or matcher.high is None)
    ]


def _alternatives(what: Needed) -> tuple[Alternative, ...]:
    if isinstance(what, Lookup):
        matchers = () if what.path[:1] == _UNREAD else _matchers(what.keys)
        return ((FieldPattern(what.path, matchers),),) if matchers else EVERYTHING
    if isinstance(what, AllOf):
        return _all([_alternatives(member) for member in what.members])
    found = tuple([each for member in what.members for each in _alternatives(member)])
    return found if len(found) <= MOST_ALTERNATIVES and () not in found else EVERYTHING


def _all(members: list[tuple[Alternative, ...]]) -> tuple[Alternative, ...]:
    """The product of the members, the smallest first; members that would make it too large are left out."""
    product: tuple[Alternative, ...] = EVERYTHING
    for member in sorted(members, key=len):
        if len(product) * len(member) <= MOST_ALTERNATIVES:
            product = tuple([_joined(before, more) for before in product for more in member])
    return product


def _joined(before: Alternative, more: Alternative) -> Alternative:
    """Both, each path once: of two fields of one path the first is kept."""
    paths = [field.path for field in before]
    return (*before, *[field for field in more if field.path not in paths])


def _matchers(keys: Keys) -> tuple[Matcher, ...]:
    """Matchers that miss nothing the keys let through; none where there are no such matchers.

    Not for absence and negation, which see objects where a pattern sees no leaf; nor for case folding, which joins more
    than a pattern does. In ranges without an end a pattern sees no integers that are not doubles: `candidates`, which
    asks, puts doubles beside such integers.
    """
    match keys:
        case Equals(values):
            return tuple(values)
        case Matched(matchers):
            return matchers
        case Prefixes(texts):
            return tuple(map(Prefix, texts))
        case Suffixes(texts):
            return tuple(map(Suffix, texts))
        case Substrings(texts):
            return tuple(Wildcard(("", text, "")) for text in texts)
        case Between(low, high) if (low is None or _is_exact(low)) and (high is None or _is_exact(high)):
            return (Numeric(low, high, low_included=keys.low_included, high_included=keys.high_included),)  # type: ignore[arg-type]  # numbers, as was just seen
    return ()


def _is_exact(bound: object) -> bool:
    return isinstance(bound, (int, float)) and -EXACT <= bound <= EXACT
