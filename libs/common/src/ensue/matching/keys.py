"""Keys: what a value must be found under for a matcher to have a chance. Chosen here, looked up by `lookups`.

A key is (kind, text or value). `exact` kinds prove the matcher, the others leave it to be checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from enum import IntEnum
from types import NoneType
from typing import Any, Final, NamedTuple

from ensue.core.conditions.dialects.eventbridge import (
    EqualsIgnoreCase,
    FieldPattern,
    Numeric,
    Prefix,
    Scalar,
    Suffix,
    Wildcard,
)
from ensue.matching.rules import canonical

MAX_AFFIX: Final = 24
SCALARS: Final[frozenset[type]] = frozenset((str, int, float, bool, NoneType))
_TEXTS: Final = frozenset((str,))


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


Choices = Sequence[tuple[Key, ...]]
Frequency = Counter[tuple[Hashable, ...]]


def wants_values(field: FieldPattern) -> bool:
    """Whether a field wants one or any of several values, and nothing else."""
    return SCALARS.issuperset(map(type, field.matchers))


def values_of(field: FieldPattern) -> Sequence[Hashable] | None:
    """The values that a field wants any of, where it wants nothing else; one may come twice."""
    matchers = field.matchers
    if _TEXTS.issuperset(map(type, matchers)):
        return matchers
    return list(map(canonical, matchers)) if wants_values(field) else None


def wants_one_value(field: FieldPattern) -> bool:
    """Whether a field wants one value, and nothing else."""
    return len(field.matchers) == 1 and field.matchers[0].__class__ in SCALARS


def choices_of(field: FieldPattern) -> Choices | None:
    """For each matcher of a field its keys, any of them sufficient; None where one has none, as negation has."""
    if len(field.matchers) == 1:  # most often
        (only,) = field.matchers
        read = _CHOICES.get(only.__class__)
        keys = () if read is None else read(only)
        return (keys,) if keys else None
    choices = []
    for matcher in field.matchers:
        read = _CHOICES.get(matcher.__class__)
        keys = () if read is None else read(matcher)
        if not keys:
            return None
        choices.append(keys)
    return choices


def frequency_of(choices: Iterable[Choices]) -> Frequency:
    """How many share each key, as its kind and value."""
    return Counter([key[:2] for each in choices for keys in each for key in keys])


def rarest(choices: Choices, frequency: Frequency) -> Sequence[Key]:
    """One key a matcher, each the rarest of its choices; of equals the longest, and each once."""
    if len(choices) == 1:
        (keys,) = choices
        return keys if len(keys) == 1 else (_rarest(keys, frequency),)
    found = [keys[0] if len(keys) == 1 else _rarest(keys, frequency) for keys in choices]
    return tuple({key[:2]: key for key in found}.values())


def _rarest(keys: tuple[Key, ...], frequency: Frequency) -> Key:
    return min(keys, key=lambda key: (frequency[key[:2]], key.kind, -len(str(key.value))))


def _of_scalar(matcher: Scalar) -> tuple[Key, ...]:
    return (Key(Kind.VALUE, canonical(matcher), proves=True),)


def _of_numeric(matcher: Numeric) -> tuple[Key, ...]:
    return (
        (Key(Kind.VALUE, matcher.low, proves=False),) if matcher.low is not None and matcher.low == matcher.high else ()
    )


def _of_prefix(matcher: Prefix) -> tuple[Key, ...]:
    text = matcher.text
    if matcher.folded:
        return (Key(Kind.FOLDED_PREFIX, text[:MAX_AFFIX].lower(), proves=False),) if text and text.isascii() else ()
    return (Key(Kind.PREFIX, text[:MAX_AFFIX], proves=len(text) <= MAX_AFFIX),) if text else ()


def _of_suffix(matcher: Suffix) -> tuple[Key, ...]:
    text = matcher.text
    if matcher.folded:
        return (Key(Kind.FOLDED_SUFFIX, text[-MAX_AFFIX:].lower(), proves=False),) if text and text.isascii() else ()
    return (Key(Kind.SUFFIX, text[-MAX_AFFIX:], proves=len(text) <= MAX_AFFIX),) if text else ()


def _of_folded(matcher: EqualsIgnoreCase) -> tuple[Key, ...]:
    return (Key(Kind.FOLDED, matcher.text.lower(), proves=False),) if matcher.text.isascii() else ()


def _of_wildcard(matcher: Wildcard) -> tuple[Key, ...]:
    """A beginning, an end, and each part between: none proves what lies between them."""
    first, last = matcher.parts[0], matcher.parts[-1]
    if len(matcher.parts) == 1:
        return (Key(Kind.VALUE, first, proves=True),)
    keys = [Key(Kind.PART, part, proves=False) for part in matcher.parts[1:-1] if part]
    if last:
        keys.insert(0, Key(Kind.SUFFIX, last[-MAX_AFFIX:], proves=False))
    if first:
        keys.insert(0, Key(Kind.PREFIX, first[:MAX_AFFIX], proves=False))
    return tuple(keys)


_CHOICES: Final[dict[type, Callable[[Any], tuple[Key, ...]]]] = {
    **dict.fromkeys(SCALARS, _of_scalar),
    Numeric: _of_numeric,
    Prefix: _of_prefix,
    Suffix: _of_suffix,
    EqualsIgnoreCase: _of_folded,
    Wildcard: _of_wildcard,
}
