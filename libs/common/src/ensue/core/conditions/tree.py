"""The condition tree: All, Any, Not, Test and leaves of other dialects. Values only; operators give them meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeAlias

from ensue.core.json import Json, JsonObject


class Quantifier(StrEnum):
    """How many of the values that a field selects must pass. Each needs at least one value to be there."""

    ANY = "any"
    EVERY = "every"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A right-hand side that is another field (`value_of`). `length`: its length instead of its value."""

    path: tuple[str, ...]
    length: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    """A leaf. `path` is the dotted field split into its segments; `value` is the parsed right-hand side.

    length: the test is of how long the field's values are (`length(data.tags)`), not of the values.
    """

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for its own

    path: tuple[str, ...]
    operator: str
    value: Json | FieldRef = None
    quantifier: Quantifier = Quantifier.ANY
    length: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """True when every member is; true when there is none."""

    members: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """True when at least one member is; false when there is none."""

    members: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when its member is false, whatever the reason."""

    member: Condition


@dataclass(frozen=True, slots=True)
class Pattern:
    """A leaf: an EventBridge pattern, in its own JSON and with its own semantics."""

    document: JsonObject


@dataclass(frozen=True, slots=True)
class Cel:
    """A leaf: a CEL expression that is a bool."""

    source: str


Leaf: TypeAlias = Pattern | Cel  # each is given its meaning by one file of `leaf_kinds`
Condition: TypeAlias = Test | All | Any | Not | Leaf

ALWAYS: Condition = All(())
