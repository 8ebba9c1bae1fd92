"""Parts: from items to the nodes that find them, each led by its cheapest field, and again within a full bucket.

In this order: the values it wants, all at once; a key of one field (in-list, beginning, end, part); ranges; sets.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from typing import Final

from ensue.core.conditions.dialects.eventbridge import SCALARS, Numeric, Path
from ensue.matching.bitmaps import Bitmaps, is_narrowing
from ensue.matching.buckets import Buckets
from ensue.matching.grid import SIDES, Grid, is_sparse
from ensue.matching.intervals import FEW, MOST_CELLS, Cells, Narrow, Ranges, range_of
from ensue.matching.keys import (
    MAY_HAVE_KEYS,
    Choice,
    Frequency,
    Kind,
    choices_of,
    frequency_of,
    rarest,
    values_of,
)
from ensue.matching.leaves import Leaves
from ensue.matching.lookups import Keyed, Values
from ensue.matching.nodes import Few, Lazy, Node, Run
from ensue.matching.projection import Layout
from ensue.matching.rules import Item, RuleId, canonical
from ensue.matching.source import function

FEW_ITEMS: Final = 12
LAZY_ITEMS: Final = 512
MANY_SHAPES: Final = 4

_Tables = dict[Path, dict[Kind, Buckets]]
_Shapes = dict[tuple[Path, ...], list[tuple[Item, tuple[Hashable, ...]]]]
_Keyed = tuple[Item, list[tuple[Path, Sequence[Choice]]]]


def node_of(items: Sequence[Item], layout: Layout) -> Node:
    """The node that finds items with something left to be checked."""
    if len(items) <= FEW_ITEMS:
        return Few(items, layout)
    if len(items) <= LAZY_ITEMS:
        return Lazy(lambda: Part(items, layout))
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

    def without(self, nodes: Container[Node]) -> Run | None:
        """A function for all nodes but these; None where there are no others."""
        others = [node for node in self.nodes if node not in nodes]
        return _sequence(others) if others else None


def _sequence(nodes: Sequence[Node]) -> Run:
    """One function for several nodes; tables of plain values are asked in place, and only where a value is there."""
    if len(nodes) == 1 and not isinstance(nodes[0], Lazy):
        return nodes[0].run
    names: list[str] = []
    constants: list[object] = []
    lines = ["def run(e, out):", "    pass"]
    sharing = Counter(part for node in nodes if isinstance(node, Values) for part in node.expressions)
    guarded: dict[str, list[str]] = {}
    for index, node in enumerate(nodes):
        if isinstance(node, Values):
            names.append(f"get{index}")
            constants.append(node.get)
            guard = min(node.expressions, key=lambda part: (sharing[part], part))
            guarded.setdefault(guard, []).append(node.statements(f"get{index}", {guard: "g"}))
        else:
            names.append(f"node{index}")
            constants.append(_late(node) if isinstance(node, Lazy) else node.run)
            lines.append(f"    node{index}(e, out)")
    for guard, statements in guarded.items():
        lines += [f"    g = {guard}", "    if g is not MISSING:"]
        lines += [f"        {line}" for each in statements for line in each.split("\n")]
    return function(names, "\n".join(lines), constants)


def _late(node: Lazy) -> Run:
    return lambda e, out: node.run(e, out)  # noqa: PLW0108  # its run changes when it is made


class _Builder:
    """One building of one part."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.unindexed: list[Item] = []

    def build(self, items: Sequence[Item]) -> list[Node]:
        shapes: _Shapes = defaultdict(list)
        keyed: list[Item] = []
        others: list[Item] = []
        for item in items:
            paths: list[Path] = []
            values: list[Hashable] = []
            is_keyed = False
            for field in item.free():
                first = field.matchers[0]
                kind = first.__class__
                if kind in SCALARS and len(field.matchers) == 1:  # `wants_one_value`, where a call would tell
                    paths.append(field.path)
                    values.append(first if kind is str else canonical(first))
                elif kind in MAY_HAVE_KEYS:
                    is_keyed = True
            if paths:
                shapes[tuple(paths)].append((item, tuple(values)))
            else:
                (keyed if is_keyed else others).append(item)
        return [*self._by_values(_in_order(shapes)), *self._by_keys(keyed, others)]

    def _by_values(self, shapes: _Shapes) -> Iterable[Node]:
        """A table for each shape; where there are many, one by the path common to most, or one for each path."""
        common = _common_path(shapes) if len(shapes) > MANY_SHAPES else None
        others = {paths: members for paths, members in shapes.items() if common not in paths}
        if common is not None:
            yield self._led((common,), {paths: members for paths, members in shapes.items() if common in paths})
        if len(others) > MANY_SHAPES:
            yield from self._by_rarest(others)
        else:
            for paths, members in others.items():
                yield self._table(paths, members)

    def _by_rarest(self, shapes: _Shapes) -> Iterable[Node]:
        """Each item under that value of it which the fewest share, so that an event is asked once for each path."""
        sharing: Counter[Hashable] = Counter()
        for paths, members in shapes.items():
            for position, path in enumerate(paths):
                sharing.update((path, values[position]) for _, values in members)
        tables: dict[Path, Buckets] = defaultdict(Buckets)
        for paths, members in shapes.items():
            for item, values in members:
                path, value = min(zip(paths, values, strict=True), key=sharing.__getitem__)
                tables[path].add((value,), item, frozenset((path,)))
        for path, found in tables.items():
            yield Values((path,), found.table(self._node), self._layout)

    def _led(self, lead: tuple[Path], shapes: _Shapes) -> Node:
        """One table, by the values at one path that is in all the shapes."""
        found, proven = Buckets(), frozenset(lead)
        for paths, members in shapes.items():
            position = paths.index(lead[0])
            for item, values in members:
                found.add((values[position],), item, proven)
        return Values(lead, found.table(self._node), self._layout)

    def _table(self, paths: tuple[Path, ...], members: Iterable[tuple[Item, tuple[Hashable, ...]]]) -> Node:
        found, proven, single = Buckets(), frozenset(paths), len(paths) == 1
        for item, values in members:
            found.add(values if single else (values,), item, proven)
        return Values(paths, found.table(self._node), self._layout)

    def _node(self, items: Sequence[Item]) -> Node:
        return node_of(items, self._layout)

    def _by_keys(self, items: Sequence[Item], others: list[Item]) -> Iterable[Node]:
        """`others`: those that neither keys nor ranges lead to; some of the items may come to them."""
        tables: _Tables = defaultdict(lambda: defaultdict(Buckets))
        undecided: list[_Keyed] = []
        ranged = []
        for item in items:
            free = item.free()
            if len(free) == 1 and (values := values_of(free[0])) is not None:
                path = free[0].path
                tables[path][Kind.VALUE].add(values, item, frozenset((path,)))
                continue
            fields = [(field.path, choices) for field in free if (choices := choices_of(field)) is not None]
            if fields:
                undecided.append((item, fields))
            else:
                ranged.append(item)
        self._lead(undecided, tables)
        for path, kinds in tables.items():
            made = {kind: found.table(self._node) for kind, found in kinds.items()}
            if made.keys() == {Kind.VALUE}:
                yield Values((path,), made[Kind.VALUE], self._layout, lists=True)
            else:
                yield Keyed(path, made, self._layout)
        yield from self._by_ranges(ranged, others)

    def _lead(self, undecided: Sequence[_Keyed], tables: _Tables) -> None:
        """Put each item under the keys of that field of it whose keys the fewest share."""
        by_path: dict[Path, list[Sequence[Choice]]] = defaultdict(list)
        for _, fields in undecided:
            for path, choices in fields:
                by_path[path].append(choices)
        sharing = {path: frequency_of(choices) for path, choices in by_path.items()}
        alone = {path: frozenset((path,)) for path in by_path}
        for item, fields in undecided:
            led = [(path, rarest(choices, sharing[path])) for path, choices in fields]
            path, (keys, proves) = min(led, key=lambda each: _cost(each, sharing)) if len(led) > 1 else led[0]
            kinds = tables[path]
            if proves:
                for kind, value in keys:
                    kinds[kind].add((value,), item, alone[path])
            else:
                rest = item.led_by(path)
                for kind, value in keys:
                    kinds[kind].add_open((value,), rest)

    def _by_ranges(self, items: Sequence[Item], others: list[Item]) -> Iterable[Node]:
        ranged: dict[tuple[Path, ...], tuple[list[Item], list[list[Numeric]]]] = defaultdict(lambda: ([], []))
        for item in items:
            found = [(field.path, wanted) for field in item.free() if (wanted := range_of(field)) is not None][:2]
            members, ranges = ranged[tuple([path for path, _ in found])]
            members.append(item)
            ranges.append([wanted for _, wanted in found])
        others += ranged.pop((), ([], []))[0]
        for paths, (members, ranges) in ranged.items():
            sides = [Ranges(side) for side in zip(*ranges, strict=True)]
            node = self._narrow(paths, members, sides) if len(paths) == 1 else self._grid(paths, members, sides)
            if node is None:
                others += members
            else:
                yield node
        yield from self._by_sets(others)

    def _narrow(self, paths: Sequence[Path], items: Sequence[Item], ranges: Sequence[Ranges]) -> Node | None:
        cells = Cells(ranges[0], min(MOST_CELLS, 2 * len(items)))
        return Narrow(paths[0], items, cells, self._layout) if cells.crowd <= FEW else None

    def _grid(self, paths: Sequence[Path], items: Sequence[Item], ranges: Sequence[Ranges]) -> Node | None:
        for side in SIDES:
            across, down = (Cells(each, side) for each in ranges)
            if is_sparse(across, down):
                return Grid((paths[0], paths[1]), items, across, down, self._layout)
        return None

    def _by_sets(self, items: Sequence[Item]) -> Iterable[Node]:
        narrowed: list[Item] = []
        self.unindexed = []
        for item in items:
            (narrowed if any(map(is_narrowing, item.fields)) else self.unindexed).append(item)
        rest = list(self.unindexed)
        for members in _alike(narrowed):
            if len(members) <= FEW_ITEMS:
                rest += members
            else:
                yield Bitmaps(members, self._layout)
        if rest:
            yield Few(rest, self._layout)


def _in_order(shapes: _Shapes) -> _Shapes:
    """The same, where shapes that differ only in the order of their paths are one."""
    ordered: _Shapes = defaultdict(list)
    for paths, members in shapes.items():
        order = sorted(range(len(paths)), key=paths.__getitem__)
        here = ordered[tuple([paths[place] for place in order])]
        if order == list(range(len(paths))):
            here += members
        else:
            here += [(item, tuple([values[place] for place in order])) for item, values in members]
    return ordered


def _alike(items: Sequence[Item]) -> Iterable[Sequence[Item]]:
    """The items parted by the paths they read, where that gives few and large parts; all together otherwise."""
    written: dict[tuple[Path, ...], list[Item]] = defaultdict(list)
    for item in items:
        written[tuple([field.path for field in item.fields])].append(item)
    groups: dict[tuple[Path, ...], list[Item]] = defaultdict(list)
    for paths, members in written.items():
        groups[tuple(sorted(paths))] += members
    return groups.values() if len(groups) <= MANY_SHAPES else [items]


def _common_path(shapes: Mapping[tuple[Path, ...], Sequence[object]]) -> Path | None:
    """The path that most items want a value at, where that is at least half of them."""
    sharing: Counter[Path] = Counter()
    for paths, members in shapes.items():
        sharing.update(dict.fromkeys(paths, len(members)))
    path, most = sharing.most_common(1)[0]
    return path if 2 * most >= sum(map(len, shapes.values())) else None


def _cost(led: tuple[Path, Choice], sharing: Mapping[Path, Frequency]) -> tuple[int, int]:
    """How many items share the keys; of equals, longer keys first."""
    path, (keys, _) = led
    return sum(sharing[path][key] for key in keys), -min(len(str(value)) for _, value in keys)
