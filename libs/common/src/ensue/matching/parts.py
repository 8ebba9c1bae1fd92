"""Parts: from items to the nodes that find them, each item led by its cheapest field, and again within a full bucket.

In this order: the values it wants, all at once; a key of one field (in-list, beginning, end, part); a narrow range; sets.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final

from ensue.core.conditions.dialects.eventbridge import FieldPattern, Path
from ensue.matching.bitmaps import Bitmaps, is_narrowing
from ensue.matching.intervals import FEW, MOST_CELLS, Cells, Narrow, range_of
from ensue.matching.keys import Key, Kind, count, keys_of, single_value
from ensue.matching.leaves import Leaves
from ensue.matching.lookups import Keyed, Values
from ensue.matching.nodes import Both, Bucket, Lazy, Linear, Node, Run
from ensue.matching.projection import Layout
from ensue.matching.rules import Item, RuleId
from ensue.matching.source import function

FEW_ITEMS: Final = 6
LAZY_ITEMS: Final = 512
MANY_SHAPES: Final = 4

Buckets = dict[Hashable, list[Item]]


def bucket_of(items: Sequence[Item], layout: Layout) -> Bucket:
    """What finds these items: ids where nothing is left to be checked, a node otherwise, or both."""
    open_items = [item for item in items if item.fields]
    if not open_items:
        return tuple(item.rule_id for item in items)
    node = node_of(open_items, layout)
    if len(open_items) == len(items):
        return node
    return Both(tuple(item.rule_id for item in items if not item.fields), node)


def node_of(items: Sequence[Item], layout: Layout) -> Node:
    """The node that finds items with something left to be checked."""
    if len(items) <= LAZY_ITEMS:
        return Lazy(lambda: Linear(items, layout) if len(items) <= FEW_ITEMS else Part(items, layout))
    return Part(items, layout)


class Part:
    """Items, and the nodes that lead to them."""

    __slots__ = ("nodes", "run", "unindexed")

    def __init__(self, items: Sequence[Item], layout: Layout) -> None:
        builder = _Builder(layout)
        self.nodes = builder.build(items)
        self.unindexed = builder.unindexed
        self.run = _sequence(self.nodes)

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        for node in self.nodes:
            node.slow(leaves, out)


def _sequence(nodes: Sequence[Node]) -> Run:
    """One function for several nodes; the tables of plain values are asked in place."""
    if len(nodes) == 1 and not isinstance(nodes[0], Lazy):
        return nodes[0].run
    names, lines, constants = [], ["def run(e, out):", "    pass"], []
    for index, node in enumerate(nodes):
        if isinstance(node, Values):
            before, key = node.expression
            names.append(f"get{index}")
            constants.append(node.get)
            lines += [f"    {line}" for line in before]
            lines += [f"    h = get{index}({key})", "    if h is not None:"]
            lines += ["        if h.__class__ is tuple: out += h", "        else: h.run(e, out)"]
        else:
            names.append(f"node{index}")
            constants.append(node.run if not isinstance(node, Lazy) else lambda e, out, lazy=node: lazy.run(e, out))
            lines.append(f"    node{index}(e, out)")
    return function(names, "\n".join(lines), constants)


class _Builder:
    """One building of one part."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.unindexed: list[Item] = []

    def build(self, items: Sequence[Item]) -> list[Node]:
        shapes: dict[tuple[Path, ...], list[tuple[Item, tuple[Hashable, ...]]]] = defaultdict(list)
        others: list[Item] = []
        for item in items:
            wanted = [(field.path, key.value) for field in item.free() if (key := single_value(field)) is not None]
            if wanted:
                wanted.sort()
                shapes[tuple(path for path, _ in wanted)].append((item, tuple(value for _, value in wanted)))
            else:
                others.append(item)
        return [*self._by_values(shapes), *self._by_keys(others)]

    def _by_values(self, shapes: Mapping[tuple[Path, ...], list[tuple[Item, tuple[Hashable, ...]]]]) -> Iterable[Node]:
        common = _common_path(shapes) if len(shapes) > MANY_SHAPES else None
        parted: Buckets = defaultdict(list)
        for paths, members in shapes.items():
            if common in paths:
                position = paths.index(common)
                for item, values in members:
                    parted[values[position]].append(item.proven(frozenset((common,))))
            else:
                yield self._table(paths, members)
        if common is not None:
            yield Values((common,), self._buckets(parted), self._layout)

    def _table(self, paths: tuple[Path, ...], members: Iterable[tuple[Item, tuple[Hashable, ...]]]) -> Node:
        found: Buckets = defaultdict(list)
        proven, single = frozenset(paths), len(paths) == 1
        for item, values in members:
            found[values[0] if single else values].append(item.proven(proven))
        return Values(paths, self._buckets(found), self._layout)

    def _buckets(self, found: Buckets) -> dict[Hashable, Bucket]:
        return {key: bucket_of(items, self._layout) for key, items in found.items()}

    def _by_keys(self, items: Sequence[Item]) -> Iterable[Node]:
        frequency: Counter[Hashable] = Counter()
        for item in items:
            count(item.free(), frequency)
        tables: dict[Path, dict[Kind, Buckets]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        others: list[Item] = []
        for item in items:
            best = _best(item, frequency)
            if best is None:
                others.append(item)
                continue
            field, keys = best
            proves = all(key.proves for key in keys)
            led = item.proven(frozenset((field.path,))) if proves else item.led_by(field.path)
            for key in keys:
                tables[field.path][key.kind][key.value].append(led)
        for path, kinds in tables.items():
            yield Keyed(path, {kind: self._buckets(found) for kind, found in kinds.items()}, self._layout)
        yield from self._by_ranges(others)

    def _by_ranges(self, items: Sequence[Item]) -> Iterable[Node]:
        ranged: dict[Path, list[Item]] = defaultdict(list)
        others: list[Item] = []
        for item in items:
            paths = [field.path for field in item.free() if range_of(field) is not None]
            (ranged[paths[0]] if len(paths) == 1 else others).append(item)
        for path, members in ranged.items():
            ranges = [_range_at(item, path) for item in members]
            cells = Cells(ranges, min(MOST_CELLS, 2 * len(members)))
            if cells.crowd <= FEW:
                yield Narrow(path, members, cells, self._layout)
            else:
                others += members
        yield from self._by_sets(others)

    def _by_sets(self, items: Sequence[Item]) -> Iterable[Node]:
        narrowed = [item for item in items if any(map(is_narrowing, item.fields))]
        self.unindexed = [item for item in items if not any(map(is_narrowing, item.fields))]
        if len(narrowed) <= FEW_ITEMS:
            rest = narrowed + self.unindexed
        else:
            yield Bitmaps(narrowed, self._layout)
            rest = self.unindexed
        if rest:
            yield Linear(rest, self._layout)


def _common_path(shapes: Mapping[tuple[Path, ...], Sequence[object]]) -> Path | None:
    """The path that most items want a value at, where that is at least half of them."""
    sharing: Counter[Path] = Counter()
    for paths, members in shapes.items():
        sharing.update(dict.fromkeys(paths, len(members)))
    path, most = sharing.most_common(1)[0]
    return path if 2 * most >= sum(map(len, shapes.values())) else None


def _best(item: Item, frequency: Counter[Hashable]) -> tuple[FieldPattern, tuple[Key, ...]] | None:
    """The field whose keys the fewest items share, and those keys."""
    best, lowest = None, None
    for field in item.free():
        keys = keys_of(field, frequency)
        if keys is not None:
            cost = (
                sum(frequency[field.path, key.kind, key.value] for key in keys),
                -min(len(str(k.value)) for k in keys),
            )
            if lowest is None or cost < lowest:
                best, lowest = (field, keys), cost
    return best


def _range_at(item: Item, path: Path):  # type: ignore[no-untyped-def]
    return next(wanted for field in item.fields if field.path == path and (wanted := range_of(field)) is not None)
