"""Leaves: the scalars of one event at each path. The way into the index for events with arrays."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.core.json import Json
from ensue.matching.projection import Branch
from ensue.matching.rules import MISSING, canonical

Values: TypeAlias = Sequence[Hashable]


class Leaves:
    """What stands at each path of one event.

    entangled: some path leads through the elements of an array, so that two fields may have to agree about the element.
    """

    __slots__ = ("_keys", "_read", "entangled")

    def __init__(self, read: Callable[[Path], Values], *, entangled: bool) -> None:
        self._read = read
        self._keys: dict[Path, frozenset[Hashable]] = {}
        self.entangled = entangled

    def __call__(self, path: Path) -> Values:
        """The scalars at a path, in order."""
        return self._read(path)

    def keys(self, path: Path) -> frozenset[Hashable]:
        """The scalars at a path as keys of tables."""
        keys = self._keys.get(path)
        if keys is None:
            values = self._read(path)
            keys = frozenset(values)
            if True in keys or False in keys:  # or 1 or 0, which are the same to Python
                keys = frozenset([canonical(value) for value in values])
            self._keys[path] = keys
        return keys


def leaves_of_projection(projected: object, readers: Mapping[Path, Callable[[object], Any]]) -> Leaves:
    """The leaves of an event whose values are scalars and arrays of scalars."""

    def read(path: Path) -> Values:
        value = readers[path](projected)
        if value.__class__ is list:
            return value
        return () if value is MISSING else (value,)

    return Leaves(read, entangled=False)


def leaves_of_document(document: Mapping[str, Json], root: Branch) -> Leaves:
    """The leaves of any event."""
    gathering = _Gathering()
    gathering.gather(document, root, ())
    return Leaves(lambda path: gathering.found.get(path, ()), entangled=gathering.entangled)


class _Gathering:
    """One walk through a document, along the paths that are read."""

    def __init__(self) -> None:
        self.found: dict[Path, list[Hashable]] = {}
        self.entangled = False

    def gather(self, value: Json, branch: Branch, path: Path) -> None:
        if isinstance(value, Mapping):
            for name, inner in branch.inner.items():
                if name in value:
                    self.gather(value[name], inner, (*path, name))
        elif isinstance(value, (list, tuple)):
            self.entangled = self.entangled or bool(branch.inner)
            for element in value:
                self.gather(element, branch, path)
        elif branch.leaf:
            self.found.setdefault(path, []).append(value)
