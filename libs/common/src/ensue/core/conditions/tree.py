"""The condition tree: All, Any, Not and Test. Values only; operators (`.operators`) give them meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from ensue.core.json import Json


@dataclass(frozen=True, slots=True)
class Test:
    """A leaf. `path` is the dotted field split into its segments; `value` is the parsed right-hand side."""

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for its own

    path: tuple[str, ...]
    operator: str
    value: Json = None


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


Condition: TypeAlias = Test | All | Any | Not

ALWAYS: Condition = All(())
