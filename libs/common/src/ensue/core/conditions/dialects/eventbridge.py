"""EventBridge patterns: their values and the parser of their JSON. Read by the leaf `pattern` and by the index.

Semantics are those of aws/event-ruler, whose grammar this follows: a field holds a list of matchers, of which one must
match; all fields of a pattern must; `$or` holds alternatives. Stricter than theirs in one point: a path that is named
twice (once outside and once inside `$or`) is refused, where event-ruler lets the last one win.
"""

from __future__ import annotations

from ensue.core.conditions.dialects.faults import DialectInvalid
from ensue.core.conditions.dialects.pattern_quick import QuickReader
from ensue.core.conditions.dialects.pattern_reader import read_pattern
from ensue.core.conditions.dialects.pattern_tree import (
    SCALARS,
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exists,
    FieldPattern,
    Matcher,
    Numeric,
    Path,
    PatternNode,
    Positive,
    Prefix,
    Scalar,
    Suffix,
    Wildcard,
    are_texts,
    is_scalar,
)
from ensue.core.json import Json

__all__ = [
    "SCALARS",
    "AnythingBut",
    "Cidr",
    "EqualsIgnoreCase",
    "Exists",
    "FieldPattern",
    "Matcher",
    "Numeric",
    "Path",
    "PatternNode",
    "PatternReader",
    "Positive",
    "Prefix",
    "Scalar",
    "Suffix",
    "Wildcard",
    "are_texts",
    "is_scalar",
    "parse_pattern",
]  # fmt: skip


class PatternReader:
    """Reads many patterns, of which equal parts become one object. It keeps those: drop it when all are read."""

    __slots__ = ("_quick",)

    def __init__(self) -> None:
        self._quick = QuickReader()

    def read(self, document: Json) -> PatternNode:
        """The pattern that `document` writes down; DialectInvalid has every fault."""
        fields = self._quick.fields(document)
        return _read_thoroughly(document) if fields is None else PatternNode(fields)


def parse_pattern(document: Json) -> PatternNode:
    """The pattern that `document` writes down; DialectInvalid has every fault."""
    return PatternReader().read(document)


def _read_thoroughly(document: Json) -> PatternNode:
    node, faults = read_pattern(document)
    if faults:
        raise DialectInvalid(faults)
    return node
