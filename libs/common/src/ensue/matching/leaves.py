"""The slower way into the index: the scalars of a whole document at each path, through arrays of any depth."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeAlias

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.core.json import Json
from ensue.matching.projection import Branch

Leaves: TypeAlias = Callable[[Path], Sequence[Hashable]]


def leaves_of(document: Mapping[str, Json], root: Branch) -> Leaves:
    """A function from a path to the scalars that stand there."""
    found: dict[Path, list[Hashable]] = {}
    _gather(document, root, (), found)
    return lambda path: found.get(path, ())


def _gather(value: Json, branch: Branch, path: Path, found: dict[Path, list[Hashable]]) -> None:
    if isinstance(value, Mapping):
        for name, inner in branch.inner.items():
            if name in value:
                _gather(value[name], inner, (*path, name), found)
    elif isinstance(value, (list, tuple)):
        _gather_elements(value, branch, path, found)
    elif branch.leaf:
        found.setdefault(path, []).append(value)


def _gather_elements(elements: Sequence[Json], branch: Branch, path: Path, found: dict[Path, list[Hashable]]) -> None:
    scalars = found.setdefault(path, []) if branch.leaf else None
    for element in elements:
        if element.__class__ is dict or element.__class__ is list:
            _gather(element, branch, path, found)
        elif scalars is not None:
            scalars.append(element)  # type: ignore[arg-type]  # neither an object nor an array
