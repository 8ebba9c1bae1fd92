"""Leaves of other dialects: the one registry, filled from the modules of `leaf_kinds`, as that of operators is.

A leaf is a frozen value (`tree.Pattern`, `tree.Cel`). Read by the parser of documents and by the compilers, which
handle every leaf alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

from ensue.core.conditions import leaf_kinds
from ensue.core.conditions.leaf import LeafKind


def _discover() -> Iterator[LeafKind[Any]]:
    for module in sorted(info.name for info in iter_modules(leaf_kinds.__path__)):
        yield import_module(f"{leaf_kinds.__name__}.{module}").LEAF


LEAVES: Mapping[str, LeafKind[Any]] = MappingProxyType({kind.name: kind for kind in _discover()})
_BY_TYPE: Mapping[type, LeafKind[Any]] = MappingProxyType({kind.type: kind for kind in LEAVES.values()})


def kind_of(leaf: object) -> LeafKind[Any] | None:
    """The kind of a leaf; None for what is no leaf of a dialect that is here."""
    return _BY_TYPE.get(type(leaf))
