"""Keys: what a value must be found under for a matcher to have a chance. Chosen here, looked up by `lookups`.

Plain tuples, for a hundred thousand items make as many of them: a named one takes ten times as long to make.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from enum import IntEnum
from typing import Any, Final, TypeAlias

from ensue.core.conditions.dialects.eventbridge import (
    SCALARS,
    EqualsIgnoreCase,
    FieldPattern,
    Numeric,
    Prefix,
    Scalar,
    Suffix,
    Wildcard,
    are_texts,
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


Key: TypeAlias = tuple[Kind, Hashable]
Choice: TypeAlias = tuple[tuple[Key, ...], bool]
"""Keys, any of which is sufficient, and whether whoever is found under it needs no check of the matcher."""

Frequency: TypeAlias = Counter[Key]


def wants_values(field: FieldPattern) -> bool:
    """Whether a field wants one or any of several values, and nothing else."""
    return SCALARS.issuperset(map(type, field.matchers))


def values_of(field: FieldPattern) -> Sequence[Hashable] | None:
    """The values that a field wants any of, where it wants nothing else; one may come twice."""
    matchers = field.matchers
    if matchers[0].__class__ is str and are_texts(matchers):
        return matchers
    return list(map(canonical, matchers)) if wants_values(field) else None


def wants_one_value(field: FieldPattern) -> bool:
    """Whether a field wants one value, and nothing else."""
    return len(field.matchers) == 1 and field.matchers[0].__class__ in SCALARS


def choices_of(field: FieldPattern) -> Sequence[Choice] | None:
    """For each matcher of a field its keys; None where one has none, as negation has."""
    choices = []
    for matcher in field.matchers:
        read = _CHOICES.get(matcher.__class__)
        choice = None if read is None else read(matcher)
        if choice is None:
            return None
        choices.append(choice)
    return choices


def frequency_of(choices: Iterable[Sequence[Choice]]) -> Frequency:
    """How many share each key."""
    return Counter([key for each in choices for keys, _ in each for key in keys])


def rarest(choices: Sequence[Choice], frequency: Frequency) -> Choice:
    """One key a matcher, each the rarest of its choices; of equals the longest, and each once."""
    if len(choices) == 1:
        (only,) = choices
        return only if len(only[0]) == 1 else ((_rarest(only[0], frequency),), only[1])
    found = [keys[0] if len(keys) == 1 else _rarest(keys, frequency) for keys, _ in choices]
    return tuple(dict.fromkeys(found)), all(proves for _, proves in choices)


def _rarest(keys: tuple[Key, ...], frequency: Frequency) -> Key:
    return min(keys, key=lambda key: (frequency[key], key[0], -len(str(key[1]))))


def _of_scalar(matcher: Scalar) -> Choice:
    return ((Kind.VALUE, canonical(matcher)),), True


def _of_numeric(matcher: Numeric) -> Choice | None:
    is_one = matcher.low is not None and matcher.low == matcher.high
    return (((Kind.VALUE, matcher.low),), False) if is_one else None


def _of_prefix(matcher: Prefix) -> Choice | None:
    text = matcher.text
    if matcher.folded:
        return (((Kind.FOLDED_PREFIX, text[:MAX_AFFIX].lower()),), False) if text and text.isascii() else None
    return (((Kind.PREFIX, text[:MAX_AFFIX]),), len(text) <= MAX_AFFIX) if text else None


def _of_suffix(matcher: Suffix) -> Choice | None:
    text = matcher.text
    if matcher.folded:
        return (((Kind.FOLDED_SUFFIX, text[-MAX_AFFIX:].lower()),), False) if text and text.isascii() else None
    return (((Kind.SUFFIX, text[-MAX_AFFIX:]),), len(text) <= MAX_AFFIX) if text else None


def _of_folded(matcher: EqualsIgnoreCase) -> Choice | None:
    return (((Kind.FOLDED, matcher.text.lower()),), False) if matcher.text.isascii() else None


def _of_wildcard(matcher: Wildcard) -> Choice | None:
    """A beginning, an end, and each part between: none proves what lies between them."""
    first, last = matcher.parts[0], matcher.parts[-1]
    if len(matcher.parts) == 1:
        return ((Kind.VALUE, first),), True
    keys: list[Key] = [(Kind.PREFIX, first[:MAX_AFFIX])] if first else []
    if last:
        keys.append((Kind.SUFFIX, last[-MAX_AFFIX:]))
    keys += [(Kind.PART, part) for part in matcher.parts[1:-1] if part]
    return (tuple(keys), False) if keys else None


_CHOICES: Final[dict[type, Callable[[Any], Choice | None]]] = {
    **dict.fromkeys(SCALARS, _of_scalar),
    Numeric: _of_numeric,
    Prefix: _of_prefix,
    Suffix: _of_suffix,
    EqualsIgnoreCase: _of_folded,
    Wildcard: _of_wildcard,
}
MAY_HAVE_KEYS: Final = frozenset(_CHOICES)
"""The kinds of matchers that may have keys; ranges are among them."""
