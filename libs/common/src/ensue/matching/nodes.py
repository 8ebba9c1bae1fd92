"""Nodes: the pieces of an index, each of which adds the ids it finds for an event. Built by `parts`.

`run(e, out)` is the fast way, on a decoded projection, and exact. `slow(leaves, out)` is for events with arrays: it
gives candidates, of which the caller verifies each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from ensue.matching.leaves import Leaves
from ensue.matching.projection import Layout
from ensue.matching.rules import Item, RuleId
from ensue.matching.scalars import test_of
from ensue.matching.source import conjunction

Run: TypeAlias = Callable[[Any, list[RuleId]], None]
Check: TypeAlias = Callable[[Any], bool]


class Node(Protocol):
    """A piece of an index."""

    run: Run

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """Add every id that may match, and perhaps more."""


Bucket: TypeAlias = tuple[RuleId, ...] | Node


def slow_bucket(bucket: Bucket, leaves: Leaves, out: set[RuleId]) -> None:
    """What a bucket holds, the slower way."""
    if isinstance(bucket, tuple):
        out.update(bucket)
    else:
        bucket.slow(leaves, out)


def check_of(item: Item, layout: Layout) -> Check:
    """What remains to be checked of an item."""
    return conjunction([layout.expression(field.path) for field in item.fields], [test_of(f) for f in item.fields])


class Linear:
    """A few items, asked one after the other."""

    __slots__ = ("_ids", "run")

    def __init__(self, items: Sequence[Item], layout: Layout) -> None:
        self._ids = tuple(item.rule_id for item in items)
        self.run = _linear([(check_of(item, layout), item.rule_id) for item in items])

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:  # every item is a candidate
        out.update(self._ids)


def _linear(checks: Sequence[tuple[Check, RuleId]]) -> Run:
    if len(checks) == 1:
        ((only, its_id),) = checks

        def run_one(e: object, out: list[RuleId]) -> None:
            if only(e):
                out.append(its_id)

        return run_one

    def run(e: object, out: list[RuleId]) -> None:
        for check, rule_id in checks:
            if check(e):
                out.append(rule_id)

    return run


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
    """A node that is made when first asked: of many buckets, most are asked seldom or never."""

    __slots__ = ("_made", "_make", "run")

    def __init__(self, make: Callable[[], Node]) -> None:
        self._make = make
        self._made: Node | None = None
        self.run: Run = self._first

    def _node(self) -> Node:
        made = self._made
        if made is None:
            made = self._made = self._make()
            self.run = made.run
        return made

    def _first(self, e: object, out: list[RuleId]) -> None:
        self._node().run(e, out)

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        self._node().slow(leaves, out)
