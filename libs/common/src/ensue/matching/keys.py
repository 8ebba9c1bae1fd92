"""Keys: what a value must be found under for a matcher to have a chance. Chosen here, looked up by `lookups`.

A key is (kind, text or value). `exact` kinds prove the matcher, the others leave it to be checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from enum import IntEnum
from typing import Final, NamedTuple

from ensue.core.conditions.dialects.eventbridge import (
    EqualsIgnoreCase,
    Exact,
    FieldPattern,
    Matcher,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)
from ensue.matching.rules import canonical

MAX_AFFIX: Final = 24


class Kind(IntEnum):
    """What is looked up: the value itself, an end of a text, the same without case, or a part anywhere in it."""

    VALUE = 0
    PREFIX = 1
    SUFFIX = 2
    FOLDED = 3
    FOLDED_PREFIX = 4
    FOLDED_SUFFIX = 5
    PART = 6


class Key(NamedTuple):
    """One key. `proves`: whoever is found under it needs no check of this matcher."""

    kind: Kind
    value: Hashable
    proves: bool


def single_value(field: FieldPattern) -> Exact | None:
    """The value that a field wants, where it wants one and nothing else."""
    only = field.matchers[0]
    return only if only.__class__ is Exact and len(field.matchers) == 1 else None


def values_of(field: FieldPattern) -> frozenset[Hashable] | None:
    """The values that a field wants any of, where it wants nothing else."""
    if all(matcher.__class__ is Exact for matcher in field.matchers):
        return frozenset([canonical(matcher.value) for matcher in field.matchers])  # type: ignore[union-attr]  # all are Exact
    return None


def has_keys(field: FieldPattern) -> bool:
    """Whether every matcher of a field has a key; negation, for one, has none."""
    return all(matcher.__class__ is Exact or choices_of(matcher) for matcher in field.matchers)


def keys_of(field: FieldPattern, frequency: Counter[Hashable]) -> tuple[Key, ...]:
    """One key a matcher, each the rarest of its choices; the field has keys."""
    keys: dict[Hashable, Key] = {}
    for matcher in field.matchers:
        choices = choices_of(matcher)
        best = choices[0]
        if len(choices) > 1:
            best = min(
                choices, key=lambda key: (frequency[field.path, key.kind, key.value], key.kind, -len(str(key.value)))
            )
        keys[best[:2]] = best
    return tuple(keys.values())


def count(fields: Iterable[FieldPattern], frequency: Counter[Hashable]) -> None:
    """Count how many share each key."""
    for field in fields:
        for matcher in field.matchers:
            frequency.update((field.path, kind, value) for kind, value, _ in choices_of(matcher))


def choices_of(matcher: Matcher) -> tuple[Key, ...]:
    """The keys of a matcher, each of them sufficient; none where it has none."""
    match matcher:
        case Exact(value):
            return (Key(Kind.VALUE, canonical(value), proves=True),)
        case Numeric(low, high) if low is not None and low == high:
            return (Key(Kind.VALUE, low, proves=False),)
        case Prefix(text, folded):
            return _affix(text, Kind.FOLDED_PREFIX if folded else Kind.PREFIX, alone=True)
        case Suffix(text, folded):
            return _affix(text, Kind.FOLDED_SUFFIX if folded else Kind.SUFFIX, alone=True)
        case EqualsIgnoreCase(text) if text.isascii():
            return (Key(Kind.FOLDED, text.lower(), proves=False),)
        case Wildcard(parts):
            return _of_wildcard(parts)
    return ()


def _affix(text: str, kind: Kind, *, alone: bool) -> tuple[Key, ...]:
    """The key of a beginning or an end, shortened to what is worth a table."""
    folded = kind in (Kind.FOLDED_PREFIX, Kind.FOLDED_SUFFIX)
    if not text or (folded and not text.isascii()):
        return ()
    short = text[:MAX_AFFIX] if kind in (Kind.PREFIX, Kind.FOLDED_PREFIX) else text[-MAX_AFFIX:]
    return (Key(kind, short.lower() if folded else short, proves=alone and short == text and not folded),)


def _of_wildcard(parts: tuple[str, ...]) -> tuple[Key, ...]:
    if len(parts) == 1:
        return (Key(Kind.VALUE, parts[0], proves=True),)
    ends = _affix(parts[0], Kind.PREFIX, alone=False) + _affix(parts[-1], Kind.SUFFIX, alone=False)
    return ends + tuple(Key(Kind.PART, part, proves=False) for part in parts[1:-1] if part)
