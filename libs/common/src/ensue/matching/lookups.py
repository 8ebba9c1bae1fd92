"""Lookups: nodes that find items by keys in hash tables, for one field (any kind of key) or several (values only)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Final

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.matching.keys import Kind
from ensue.matching.leaves import Leaves
from ensue.matching.nodes import Bucket, Run, slow_bucket
from ensue.matching.projection import Layout
from ensue.matching.rules import RuleId, canonical
from ensue.matching.source import function

Table = Mapping[Hashable, Bucket]
_TAKE = "if h is not None:\n{0}    if h.__class__ is tuple: out += h\n{0}    else: h.run(e, out)"
_SLICE: Final = {Kind.PREFIX: "v[:n]", Kind.SUFFIX: "v[-n:]", Kind.FOLDED_PREFIX: "w[:n]", Kind.FOLDED_SUFFIX: "w[-n:]"}
_FOLDING: Final = (Kind.FOLDED, Kind.FOLDED_PREFIX, Kind.FOLDED_SUFFIX)


class Values:
    """Items that want one value in each of `paths`: one table, keyed by the value or the tuple of values."""

    def __init__(self, paths: Sequence[Path], table: Table, layout: Layout) -> None:
        self._paths, self._table = paths, table
        self._single = len(paths) == 1
        expressions = [layout.expression(path) for path in paths]
        self.expression = _key(expressions, _not_only_text(table, single=self._single))
        self.get = table.get
        self.run: Run = function(("get",), _values_body(self.expression), (table.get,))

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """Every combination of the values at the paths; where those are more than the table, the table's keys."""
        found = [{canonical(value) for value in leaves(path)} for path in self._paths]
        if self._single:
            hits = [self._table[value] for value in found[0] if value in self._table]
        elif prod(len(values) for values in found) > len(self._table):
            hits = [bucket for key, bucket in self._table.items() if _within(key, found)]
        else:
            hits = [self._table[key] for key in product(*found) if key in self._table]
        for bucket in hits:
            slow_bucket(bucket, leaves, out)


def _within(key: Hashable, found: Sequence[set[Hashable]]) -> bool:
    return isinstance(key, tuple) and all(part in values for part, values in zip(key, found, strict=True))


def _not_only_text(table: Table, *, single: bool) -> list[bool]:
    """For each part of the keys, whether it can be anything but a text: then true must be told from 1."""
    if single:
        return [any(key.__class__ is not str for key in table)]
    columns = zip(*table, strict=True)  # type: ignore[arg-type]  # keys of several paths are tuples
    return [any(part.__class__ is not str for part in column) for column in columns]


def _key(expressions: Sequence[str], mixed: Sequence[bool]) -> tuple[tuple[str, ...], str]:
    """The statements before, and the expression of the key itself."""
    before, parts = [], []
    for index, (expression, is_mixed) in enumerate(zip(expressions, mixed, strict=True)):
        if is_mixed:
            before.append(
                f"k{index} = {expression}\n    if k{index}.__class__ is bool: k{index} = TRUE if k{index} else FALSE"
            )
            parts.append(f"k{index}")
        else:
            parts.append(expression)
    return tuple(before), parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _values_body(key: tuple[tuple[str, ...], str]) -> str:
    before, expression = key
    lines = ["def run(e, out):", *before, f"h = get({expression})", _TAKE.format("    ")]
    return "\n    ".join(lines)


class Keyed:
    """Items found by keys of one field: values, beginnings, ends, parts, with or without case."""

    def __init__(self, path: Path, tables: Mapping[Kind, Table], layout: Layout) -> None:
        self._path, self._tables = path, tables
        self._sizes = {kind: _by_size(table) for kind, table in tables.items() if kind in (*_SLICE, Kind.GRAM)}
        names, constants = self._constants()
        body = _keyed_body(layout.expression(path), tables, _not_only_text(tables.get(Kind.VALUE, {}), single=True)[0])
        self.run: Run = function(names, body, constants)

    def _constants(self) -> tuple[list[str], list[object]]:
        names, constants = [], []
        for kind, table in self._tables.items():
            names.append(f"T{kind.value}")
            sizes = self._sizes.get(kind)
            constants.append(table.get if sizes is None else [(size, each.get) for size, each in sizes.items()])
        if Kind.GRAM in self._tables:
            names.append("G")
            constants.append([(size, each.keys(), each) for size, each in self._sizes[Kind.GRAM].items()])
        return names, constants

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        for value in {canonical(value) for value in leaves(self._path)}:
            for bucket in self._hits(value):
                slow_bucket(bucket, leaves, out)

    def _hits(self, value: Hashable) -> Iterator[Bucket]:
        if Kind.VALUE in self._tables and value in self._tables[Kind.VALUE]:
            yield self._tables[Kind.VALUE][value]
        if not isinstance(value, str):
            return
        folded = value.lower()
        if Kind.FOLDED in self._tables and folded in self._tables[Kind.FOLDED]:
            yield self._tables[Kind.FOLDED][folded]
        for kind, sizes in self._sizes.items():
            text = folded if kind in _FOLDING else value
            for size, table in sizes.items():
                yield from (table[piece] for piece in set(_PIECES[kind](text, size)) if piece in table)


_PIECES: Final[Mapping[Kind, Callable[[str, int], Sequence[str]]]] = {
    Kind.PREFIX: lambda text, size: (text[:size],),
    Kind.FOLDED_PREFIX: lambda text, size: (text[:size],),
    Kind.SUFFIX: lambda text, size: (text[-size:],),
    Kind.FOLDED_SUFFIX: lambda text, size: (text[-size:],),
    Kind.GRAM: lambda text, size: [text[start : start + size] for start in range(len(text) - size + 1)],
}


def _by_size(table: Table) -> dict[int, dict[Hashable, Bucket]]:
    sizes: dict[int, dict[Hashable, Bucket]] = {}
    for text, bucket in table.items():
        sizes.setdefault(len(str(text)), {})[text] = bucket
    return dict(sorted(sizes.items()))


def _keyed_body(expression: str, kinds: Mapping[Kind, Table], mixed: bool) -> str:  # noqa: FBT001
    lines = ["def run(e, out):", f"    v = {expression}"]
    if Kind.VALUE in kinds:
        key = "(TRUE if v else FALSE) if v.__class__ is bool else v" if mixed else "v"
        lines += [f"    h = T0({key})", "    " + _TAKE.format("    ")]
    if any(kind != Kind.VALUE for kind in kinds):
        lines.append("    if v.__class__ is not str: return")
    if any(kind in _FOLDING for kind in kinds):
        lines.append("    w = v.lower()")
    if Kind.FOLDED in kinds:
        lines += [f"    h = T{Kind.FOLDED.value}(w)", "    " + _TAKE.format("    ")]
    for kind, piece in _SLICE.items():
        if kind in kinds:
            lines += [
                f"    for n, get in T{kind.value}:",
                f"        h = get({piece})",
                "        " + _TAKE.format("        "),
            ]
    if Kind.GRAM in kinds:
        lines += [
            "    for n, known, table in G:",
            "        for g in known & {v[i:i + n] for i in range(len(v) - n + 1)}:",
            "            h = table[g]",
            "            " + _TAKE.format("            "),
        ]
    return "\n".join(lines)
