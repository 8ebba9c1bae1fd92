"""Projection decode: a Struct of the paths that rules read, so that the rest of an event is skipped and not built.

It takes an event whose values on these paths are scalars (and objects on the way to them); anything else, arrays above
all, does not fit, and the engine takes its slower way. Attributes are named f0, f1 ... by the segment of the path; a
layout only grows, so a function made for an earlier one works with a later Struct.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.matching.rules import MISSING
from ensue.matching.source import Function, getter

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(slots=True)
class Branch:
    """A place in the tree of paths. `leaf`: a path ends here."""

    leaf: bool = False
    inner: dict[str, Branch] = field(default_factory=dict)

    def copy(self) -> Branch:
        """A tree that can grow without this one."""
        return Branch(self.leaf, {name: branch.copy() for name, branch in self.inner.items()})


class Layout:
    """The paths that are read, and the names of their attributes. Immutable; `extended` gives a larger one.

    can_be_projected: whether every name can be a Struct's; no quotes, backslashes or control characters can.
    """

    __slots__ = ("_names", "can_be_projected", "root")

    def __init__(self, root: Branch, names: dict[str, int]) -> None:
        self.root = root
        self._names = names
        self.can_be_projected = all(name.isprintable() and '"' not in name and "\\" not in name for name in names)

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Layout:
        """The layout of these paths."""
        return cls(Branch(), {}).extended(paths)

    def extended(self, paths: Iterable[Path]) -> Layout:
        """This layout and more paths; itself where all are known."""
        new = [path for path in dict.fromkeys(paths) if not self._knows(path)]
        if not new:
            return self
        root, names = self.root.copy(), self._names.copy()
        for path in new:
            branch = root
            for segment in path:
                names.setdefault(segment, len(names))
                branch = branch.inner.setdefault(segment, Branch())
            branch.leaf = True
        return Layout(root, names)

    def _knows(self, path: Path) -> bool:
        branch: Branch | None = self.root
        for segment in path:
            branch = branch.inner.get(segment) if branch else None
        return branch is not None and branch.leaf

    def expression(self, path: Path) -> str:
        """The source that reads `path` of a decoded event `e`."""
        *above, last = [self._names[segment] for segment in path]
        return ".".join(("e", *(f"o{number}" for number in above), f"f{last}"))

    def struct(self, listed: Container[Path] = ()) -> type[msgspec.Struct]:
        """The Struct of an event with a scalar at each path, or an array of scalars at each of `listed`."""
        return _struct(self.root, self._names, (), listed)

    def readers(self) -> dict[Path, Function]:
        """A function for each path, from a decoded event to the value there."""
        return {path: getter(self.expression(path)) for path in _leaves(self.root, ())}


def _leaves(branch: Branch, path: Path) -> Iterable[Path]:
    if branch.leaf:
        yield path
    for name, inner in branch.inner.items():
        yield from _leaves(inner, (*path, name))


def _struct(branch: Branch, names: Mapping[str, int], path: Path, listed: Container[Path]) -> type[msgspec.Struct]:
    fields: list[tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    ends: dict[str, Any] = {}
    for segment, inner in branch.inner.items():
        end, place = f"f{names[segment]}", (*path, segment)
        name = f"o{names[segment]}" if inner.inner else end
        rename[name] = segment
        if inner.inner:
            below = _struct(inner, names, place, listed)
            fields.append((name, below, below()))
            ends[end] = MISSING
        else:
            fields.append((name, Scalar | list[Scalar] if place in listed else Scalar, MISSING))
    return msgspec.defstruct("Projection", fields, rename=rename, namespace=ends, frozen=True, gc=False)
