"""Keys: what must be so if a condition is to hold, in a form that an index can look up. Necessary, never sufficient.

An operator gives the keys of one test; `needed` puts those of a tree together. `ensue.matching` builds its index
from them and asks the matcher about what the index lets through. The promise, kept by a property test: an event that
fulfils the condition fulfils what is needed for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ensue.core.conditions.dialects.pattern_tree import Matcher
from ensue.core.json import Json

Scalar: TypeAlias = "bool | int | float | str | None"


@dataclass(frozen=True, slots=True)
class Equals:
    """Some value is the same as one of these (type by type: 1 is 1.0, True is neither). Arrays are opened.

    Here and below, "some value": one of those that the path selects, where an array at its end stands for its
    elements (one level). Where the path selects nothing there is no value and the key is not fulfilled.
    """

    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class NotEquals:
    """Some value is there that is the same as none of these. Arrays are opened; objects and inner arrays differ."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class FoldedEquals:
    """Some value is a text that, case-folded (`str.casefold`), is one of these. Arrays are opened."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Some value is a text that begins with one of these. Arrays are opened."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suffixes:
    """Some value is a text that ends with one of these. Arrays are opened."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Substrings:
    """Some value is a text with one of these inside it. Arrays are opened."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Some value is a number (or a text, by code points) between two bounds of its type. Arrays are opened.

    A bound that is None is open; at least one is not.
    """

    low: int | float | str | None
    high: int | float | str | None
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class Present:
    """The path selects at least one value, be it null, empty or an array with nothing in it."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What stands there fulfils one of these matchers, as EventBridge has it: a scalar, arrays opened at every level.

    Stands only for paths into data. With `exists: false` among the matchers there may be nothing, too.
    """

    matchers: tuple[Matcher, ...]


Keys: TypeAlias = Equals | NotEquals | FoldedEquals | Prefixes | Suffixes | Substrings | Between | Present | Matched


@dataclass(frozen=True, slots=True)
class Lookup:
    """The keys of one path. `path` is never `now` and never a length: such tests give Present of what they read."""

    path: tuple[str, ...]
    keys: Keys


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every member is necessary, so an index may use whichever is cheapest. Never empty, members are no AllOf."""

    members: tuple[Needed, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one member is fulfilled. Empty: the condition can never hold. Members are no AnyOf."""

    members: tuple[Needed, ...]


Needed: TypeAlias = Lookup | AllOf | AnyOf


def all_of(members: Iterable[Needed | None]) -> Needed | None:
    """What is necessary for all of these; None where nothing is known of any."""
    known: list[Needed] = []
    for member in members:
        if member is not None:
            known.extend(member.members if isinstance(member, AllOf) else (member,))
    if len(known) > 1:
        return AllOf(tuple(known))
    return known[0] if known else None


def any_of(members: Iterable[Needed | None]) -> Needed | None:
    """What is necessary for at least one of these; None where nothing is known of one."""
    known: list[Needed] = []
    for member in members:
        if member is None:
            return None
        known.extend(member.members if isinstance(member, AnyOf) else (member,))
    return known[0] if len(known) == 1 else AnyOf(tuple(known))


def scalar_keys(value: Json) -> Keys:
    """Equals of a scalar; of an array or object only that something is there."""
    return Present() if isinstance(value, (dict, list, tuple)) else Equals((value,))  # type: ignore[arg-type]  # a Mapping here is a dict


def holds(keys: Keys, selection: Iterable[Json]) -> bool:
    """Whether what a path selected fulfils the keys: what an index must at least let through.

    A selection opens fewer arrays than EventBridge does, so of what is `Matched` it says nothing.
    """
    if isinstance(keys, Matched):
        return True
    found = list(selection)
    if isinstance(keys, Present):
        return bool(found)
    opened: list[Json] = []
    for value in found:
        opened.extend(value if isinstance(value, (list, tuple)) else (value,))
    return any(_fits(keys, value) for value in opened)


def _fits(keys: Keys, value: Json) -> bool:
    match keys:
        case Equals(values):
            return _identity(value) in {_identity(v) for v in values}
        case NotEquals(values):
            return _identity(value) not in {_identity(v) for v in values}
        case Between():
            return _within(keys, value)
        case Present() | Matched():
            return True
        case _:
            return isinstance(value, str) and _text_fits(keys, value)


def _text_fits(keys: FoldedEquals | Prefixes | Suffixes | Substrings, text: str) -> bool:
    match keys:
        case FoldedEquals(texts):
            return text.casefold() in texts
        case Prefixes(texts):
            return text.startswith(texts)
        case Suffixes(texts):
            return text.endswith(texts)
        case Substrings(texts):
            return any(part in text for part in texts)


def _within(keys: Between, value: Json) -> bool:
    bound = keys.high if keys.low is None else keys.low
    if isinstance(bound, str):
        if not isinstance(value, str):
            return False
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    actual: float = value  # type: ignore[assignment]  # of one type with the bounds, as was just seen
    low: float | None = keys.low  # type: ignore[assignment]  # as above
    high: float | None = keys.high  # type: ignore[assignment]  # as above
    above = low is None or actual > low or (keys.low_included and actual == low)
    below = high is None or actual < high or (keys.high_included and actual == high)
    return above and below


def _identity(value: Json) -> object:
    if isinstance(value, (dict, list, tuple)):
        return id(value)
    return (isinstance(value, bool), value)
