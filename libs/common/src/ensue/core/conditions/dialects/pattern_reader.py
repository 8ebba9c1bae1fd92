"""The reader of EventBridge patterns: from their JSON to `PatternNode`, noting every fault on the way.

Called by `eventbridge.parse_pattern`; a single matcher is read by `pattern_matchers`. The grammar is event-ruler's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from ensue.core.conditions.dialects.faults import DialectFault, step
from ensue.core.conditions.dialects.pattern_matchers import MatcherReader
from ensue.core.conditions.dialects.pattern_tree import FieldPattern, Path, PatternNode
from ensue.core.json import Json

OR: Final = "$or"
MAX_DEPTH: Final = 32
MAX_ALTERNATIVES: Final = 1000
_RESERVED: Final = frozenset((
    "exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr",
    "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after", "date-on-or-after",
    "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range",
))  # fmt: skip
_EMPTY: Final = PatternNode(())


def read_pattern(document: Json) -> tuple[PatternNode, list[DialectFault]]:
    """The pattern and what is wrong with it; where something is, the pattern is of no use."""
    reader = _Reader()
    node = reader.node(document, (), "", 1)
    if not reader.faults:
        reader.refuse_repeats(node)
    return node, reader.faults


class _Reader:
    def __init__(self) -> None:
        self.faults: list[DialectFault] = []
        self._matchers = MatcherReader(self.fault)

    def fault(self, pointer: str, message: str, expected: str | None = None) -> None:
        self.faults.append(DialectFault(pointer, message, expected))

    def refuse_repeats(self, node: PatternNode) -> None:
        """What can be seen of the whole only: too many alternatives, a path that is named twice."""
        if _count(node) > MAX_ALTERNATIVES:
            self.fault("", "has too many combinations of $or", f"at most {MAX_ALTERNATIVES}")
            return
        repeated = {field.path for fields in node.alternatives() for field in fields if _times(fields, field.path) > 1}
        for path in sorted(repeated):
            self.fault("", f"names {'.'.join(path)} twice, outside and inside $or", "each field once")

    def node(self, value: Json, path: Path, pointer: str, depth: int, *, within_or: bool = False) -> PatternNode:
        if not isinstance(value, Mapping):
            self.fault(pointer, "is not an object", "an object with fields")
            return _EMPTY
        if not value:
            self.fault(pointer, "is an empty object", "at least one field")
        if depth > MAX_DEPTH:
            self.fault(pointer, "is nested too deep", f"at most {MAX_DEPTH} levels")
            return _EMPTY
        fields: list[FieldPattern] = []
        either: list[tuple[PatternNode, ...]] = []
        for name, member in value.items():
            place = step(pointer, name)
            if not isinstance(name, str):
                self.fault(pointer, "has a field whose name is not a text", "names in quotes")
                continue
            if name == OR:
                either.append(self._choices(member, path, place, depth))
                continue
            if within_or and name in _RESERVED:
                self.fault(place, "is the name of a matcher, which cannot be a field inside $or", "a field")
            inner = self._member(member, (*path, name), place, depth, within_or=within_or)
            fields.extend(inner.fields)
            either.extend(inner.either)
        return PatternNode(tuple(fields), tuple(either))

    def _member(self, value: Json, path: Path, pointer: str, depth: int, *, within_or: bool) -> PatternNode:
        if isinstance(value, Mapping):
            return self.node(value, path, pointer, depth + 1, within_or=within_or)
        if not isinstance(value, (list, tuple)):
            self.fault(pointer, "must be an object or an array", "values in a list, such as [1]")
            return _EMPTY
        if not value:
            self.fault(pointer, "is an empty array", "at least one value")
        read = [self._matchers.read(element, step(pointer, index)) for index, element in enumerate(value)]
        return PatternNode((FieldPattern(path, tuple(matcher for each in read for matcher in each)),))

    def _choices(self, value: Json, path: Path, pointer: str, depth: int) -> tuple[PatternNode, ...]:
        if not isinstance(value, (list, tuple)) or len(value) < 2:
            self.fault(pointer, "is not a list of at least two objects", "a list of at least two objects")
            return ()
        return tuple(
            self.node(choice, path, step(pointer, index), depth + 1, within_or=True)
            for index, choice in enumerate(value)
        )


def _times(fields: tuple[FieldPattern, ...], path: Path) -> int:
    return sum(field.path == path for field in fields)


def _count(node: PatternNode) -> int:
    return math.prod(sum(_count(choice) for choice in choices) for choices in node.either)
