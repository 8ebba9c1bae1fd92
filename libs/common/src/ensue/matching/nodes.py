"""Nodes: the pieces of an index, each of which adds the ids it finds for an event. Built by `parts`.

`run(e, out)` is the fast way, on a decoded projection, and exact. `slow(leaves, out)` is for events with arrays: it
gives candidates, of which the caller verifies each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol, TypeAlias

from ensue.core.conditions.dialects.eventbridge import FieldPattern, is_scalar
from ensue.matching.leaves import Leaves
from ensue.matching.projection import Layout
from ensue.matching.rules import Alternative, Item, RuleId
from ensue.matching.scalars import inline_test, test_of
from ensue.matching.source import conjunction

MOST_INLINE: Final = 3
MOST_SHARED: Final = 1 << 12

Run: TypeAlias = Callable[[Any, list[RuleId]], None]
Check: TypeAlias = Callable[[Any], bool]


class Node(Protocol):
    """A piece of an index."""

    def run(self, e: Any, out: list[RuleId], /) -> None:  # noqa: ANN401  # of a Struct made just now
        """Add the ids of the items that match."""

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """Add every id that may match, and perhaps more."""


Bucket: TypeAlias = tuple[RuleId, ...] | Node


def side_by_side(ids: Iterable[RuleId]) -> tuple[RuleId, ...]:
    """The ids, texts as new objects: what an event finds together should lie together in memory."""
    return tuple([each[:1] + each[1:] if each.__class__ is str else each for each in ids])


def slow_bucket(bucket: Bucket, leaves: Leaves, out: set[RuleId]) -> None:
    """What a bucket holds, the slower way."""
    if isinstance(bucket, tuple):
        out.update(bucket)
    else:
        bucket.slow(leaves, out)


def check_of(item: Item, layout: Layout) -> Check:
    """What remains to be checked of an item."""
    expressions = tuple(layout.expression(field.path) for field in item.fields)
    return (_shared if all(map(_is_plain, item.fields)) else _made)(expressions, item.fields)


def _is_plain(field: FieldPattern) -> bool:
    """Whether equal fields mean the same; not so where True is wanted, which is equal to 1 to Python."""
    return not any(is_scalar(matcher) and matcher.__class__ is not str for matcher in field.matchers)


def _made(expressions: tuple[str, ...], fields: Alternative) -> Check:
    if len(fields) <= MOST_INLINE:
        return inline_test(expressions, fields)
    return conjunction(expressions, [test_of(field) for field in fields])


_shared = lru_cache(maxsize=MOST_SHARED)(_made)  # what thousands of items ask alike stays in the processor's cache


class Few:
    """A few items, asked one after the other; made ready when first asked."""

    __slots__ = ("_checks", "_ids", "_items", "_layout")

    def __init__(self, items: Sequence[Item], layout: Layout) -> None:
        self._ids = side_by_side([item.rule_id for item in items])
        self._items, self._layout = items, layout
        self._checks: tuple[Check, ...] = ()

    def run(self, e: object, out: list[RuleId]) -> None:
        for check, rule_id in zip(self._checks or self._ready(), self._ids, strict=True):
            if check(e):
                out.append(rule_id)

    def _ready(self) -> tuple[Check, ...]:
        self._checks = tuple([check_of(item, self._layout) for item in self._items])
        self._items = ()
        return self._checks

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:  # every item is a candidate
        out.update(self._ids)


class Both:
    """Ids that are proven already, and a node for the others."""

    __slots__ = ("_ids", "_node", "run")

    def __init__(self, ids: tuple[RuleId, ...], node: Node) -> None:
        self._ids, self._node = ids, node
        inner = node.run if not isinstance(node, Lazy) else None

        def run(e: object, out: list[RuleId]) -> None:
            out += ids
            (inner or node.run)(e, out)

        self.run: Run = run

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        out.update(self._ids)
        self._node.slow(leaves, out)


class Lazy:
    """A node that is made when first asked: of many buckets, most are asked seldom or never.

    It does not refer to itself, as a bound method in `run` would: most are dropped unasked, with nothing to collect.
    """

    __slots__ = ("_made", "_make", "run")

    run: Run

    def __init__(self, make: Callable[[], Node]) -> None:
        self._make = make
        self._made: Node | None = None

    def __getattr__(self, name: str) -> Run:
        """Called for what is not there yet, which is `run` alone."""
        if name != "run":
            raise AttributeError(name)
        self.run = self._node().run
        return self.run

    def _node(self) -> Node:
        made = self._made
        if made is None:
            made = self._made = self._make()
        return made

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        self._node().slow(leaves, out)
