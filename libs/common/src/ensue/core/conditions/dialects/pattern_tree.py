"""The values of an EventBridge pattern: fields with their matchers, and `$or`. Made by `pattern_reader`.

Everybody else reads them as members of `eventbridge`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import NoneType
from typing import Final, TypeAlias, TypeGuard

Scalar: TypeAlias = str | int | float | bool | None
Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """A text that begins with `text`; `folded` = whatever the case."""

    text: str
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Suffix:
    """A text that ends with `text`; `folded` = whatever the case."""

    text: str
    folded: bool = False


@dataclass(frozen=True, slots=True)
class EqualsIgnoreCase:
    """The same text, whatever the case of its letters."""

    text: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    r"""A text made of `parts` with anything (also nothing) between them; one part more than there are stars.

    "a*b" is ("a", "b"), "*" is ("", ""); `\*` and `\\` are already unescaped here.
    """

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number within bounds, None where open; `=` has both bounds alike and included."""

    low: int | float | None = None
    high: int | float | None = None
    low_included: bool = False
    high_included: bool = False


@dataclass(frozen=True, slots=True)
class Cidr:
    """A text that is an IP address from `first` to `last` (of 4 or 6 as `version`), as integers, both included."""

    version: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether the path leads to a leaf (a scalar, also null; or a scalar in an array). An object is no leaf."""

    present: bool


Positive: TypeAlias = Scalar | Prefix | Suffix | EqualsIgnoreCase | Wildcard


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """Any scalar that is there and that no member of `excluded` matches.

    excluded: texts, numbers, or matchers of one kind; never true, false or null.
    """

    excluded: tuple[Positive, ...]


Matcher: TypeAlias = Scalar | Prefix | Suffix | EqualsIgnoreCase | Wildcard | Numeric | Cidr | Exists | AnythingBut
"""A scalar stands for itself: for the same JSON value, type by type. 1 is 1.0, but neither "1" nor true."""


SCALARS: Final[frozenset[type]] = frozenset((str, int, float, bool, NoneType))
"""Of exactly these types are the scalars of a pattern that was read, whatever was derived from them before."""

_TEXTS: Final = frozenset((str,))


def is_scalar(matcher: Matcher) -> TypeGuard[Scalar]:
    """Whether a matcher stands for itself."""
    return matcher.__class__ in SCALARS


def are_texts(values: Iterable[object]) -> bool:
    """Whether all are texts, none of a type that is derived from that."""
    return _TEXTS.issuperset(map(type, values))


@dataclass(frozen=True, slots=True)
class FieldPattern:
    """One field: a scalar at `path` (from the root of the event) must fulfil at least one matcher."""

    path: Path
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class PatternNode:
    """A pattern: all `fields` must match, and of each member of `either` (a `$or`) at least one alternative.

    Paths are whole, from the root, also within alternatives. No alternative names a path that is named outside it.
    """

    fields: tuple[FieldPattern, ...]
    either: tuple[tuple[PatternNode, ...], ...] = ()

    def alternatives(self) -> tuple[tuple[FieldPattern, ...], ...]:
        """The pattern without `$or`: it matches where all fields of one alternative do."""
        if not self.either:
            return (self.fields,)
        found: list[tuple[FieldPattern, ...]] = [self.fields]
        for choices in self.either:
            expanded = [fields for choice in choices for fields in choice.alternatives()]
            found = [before + fields for before in found for fields in expanded]
        return tuple(found)

    def paths(self) -> Iterator[Path]:
        """Every path that is read, in the order of writing; a path may come twice, from two alternatives."""
        for field in self.fields:
            yield field.path
        for choices in self.either:
            for choice in choices:
                yield from choice.paths()
