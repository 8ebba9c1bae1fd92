"""Lookups: nodes that find items by keys in hash tables, for one field (any kind of key) or several (values only)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from operator import itemgetter
from textwrap import indent
from typing import Any, Final, TypeAlias

import ahocorasick

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.matching.keys import Kind
from ensue.matching.leaves import Leaves
from ensue.matching.nodes import Bucket, Run, slow_bucket
from ensue.matching.projection import Layout
from ensue.matching.rules import HASHED, RuleId, are_told_apart, canonical
from ensue.matching.source import function

STEM: Final = 6
_TEXTS: Final = frozenset((str,))

Table = Mapping[Hashable, Bucket]
Open: TypeAlias = Callable[[Any, Sequence[Hashable], list[RuleId]], None]
TAKE: Final = "if h is not None:\n    if h.__class__ is tuple: out += h\n    else: h.run(e, out)"
_SLICE: Final = {Kind.PREFIX: "v[:n]", Kind.SUFFIX: "v[-n:]", Kind.FOLDED_PREFIX: "w[:n]", Kind.FOLDED_SUFFIX: "w[-n:]"}
_FOLDING: Final = (Kind.FOLDED, Kind.FOLDED_PREFIX, Kind.FOLDED_SUFFIX)

_OPENED: Final = f"""    t = get({{}})
    if t is not None:
        hash(tuple(values))  # each text keeps its hash, and what follows waits for memory alone
        for v in t.keys() & {{}}:
            h = t[v]
{indent(TAKE, "            ")}"""


class Values:
    """Items found by values in `paths`: one table, keyed by the value or the tuple of values.

    lists: whether an item may stand under several keys, or have something left to be checked at a path.
    """

    def __init__(self, paths: tuple[Path, ...], table: Table, layout: Layout, *, lists: bool = False) -> None:
        self.paths, self.lists, self._table = paths, lists, table
        self._single = len(paths) == 1
        self._columns: Sequence[frozenset[Hashable]] | None = None
        self.expressions = [layout.expression(path) for path in paths]
        self._mixed = _not_only_text(table, single=self._single)
        self.get = table.get
        body = "def run(e, out):\n" + indent(self.statements("get", {}), "    ")
        self.run: Run = function(("get",), body, (table.get,))

    def statements(self, get: str, read: Mapping[str, str]) -> str:
        """The source that looks an event up by a function of this name; `read`: names of what is read already."""
        lines, key = self._key(range(len(self.paths)), read)
        return "\n".join((*lines, f"h = {get}({key})", TAKE))

    def _key(self, columns: Sequence[int], read: Mapping[str, str]) -> tuple[list[str], str]:
        """The source of the key of some of the paths, and lines that come before it."""
        lines, parts = [], []
        for index in columns:
            expression = read.get(self.expressions[index], self.expressions[index])
            if self._mixed[index]:
                lines += [
                    f"k{index} = {expression}",
                    f"if k{index}.__class__ is bool: k{index} = TRUE if k{index} else FALSE",
                ]
            parts.append(f"k{index}" if self._mixed[index] else expression)
        return lines, parts[0] if len(parts) == 1 else f"({', '.join(parts)})"

    def opened(self, path: Path) -> Open:
        """A function that looks up all elements of an array at `path` at once, in a table for what the others want.

        Not for lists.

        So a hundred elements cost a hundred looks, with no key to be made for each, into what is as small as can be.
        """
        place = self.paths.index(path)
        others = [index for index in range(len(self.paths)) if index != place]
        split = itemgetter(*others) if others else lambda _: ()
        tables: dict[Hashable, dict[Hashable, Bucket]] = {}
        for key, bucket in self._table.items():
            rest, element = ((), key) if self._single else (split(key), key[place])  # type: ignore[index,arg-type]  # of several paths it is a tuple
            inner = tables.get(rest)
            if inner is None:
                inner = tables[rest] = dict(HASHED)
            inner[element] = bucket
        plain = not self._mixed[place] or are_told_apart(key for inner in tables.values() for key in inner)
        lines, rest_key = self._key(others, {})
        body = _OPENED.format(rest_key, "values" if plain else "map(canonical, values)")
        lines = ["def run(e, values, out):", *(f"    {line}" for line in lines), body]
        return function(("get", "canonical"), "\n".join(lines), (tables.get, canonical))

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        """Every combination of the values at the paths; where those are more than the table, the table's keys."""
        table = self._table
        if self._single:
            hits = [table[value] for value in table.keys() & leaves.keys(self.paths[0])]
        else:
            found = [
                known & leaves.keys(path) if mixed else known.intersection(leaves(path))
                for known, path, mixed in zip(self._known(), self.paths, self._mixed, strict=True)
            ]
            if prod(map(len, found)) > len(table):
                hits = [bucket for key, bucket in table.items() if _within(key, found)]
            else:
                hits = [table[key] for key in product(*found) if key in table]
        for bucket in hits:
            slow_bucket(bucket, leaves, out)

    def _known(self) -> Sequence[frozenset[Hashable]]:
        """The values of each path that any key has."""
        if self._columns is None:
            self._columns = [frozenset(column) for column in zip(*self._table, strict=True)]
        return self._columns


def _within(key: Hashable, found: Sequence[frozenset[Hashable]]) -> bool:
    return isinstance(key, tuple) and all(part in values for part, values in zip(key, found, strict=True))


def _not_only_text(table: Table, *, single: bool) -> list[bool]:
    """For each part of the keys, whether it can be anything but a text: then true must be told from 1."""
    if single:
        return [not _TEXTS.issuperset(map(type, table))]
    columns = zip(*table, strict=True)
    return [not _TEXTS.issuperset(map(type, column)) for column in columns]


class Keyed:
    """Items found by keys of one field: values, beginnings, ends, parts, with or without case."""

    def __init__(self, path: Path, tables: Mapping[Kind, Table], layout: Layout) -> None:
        self._path, self._tables = path, tables
        self._sizes = {kind: _by_size(table) for kind, table in tables.items() if kind in _SLICE}
        self._parts = _Parts(tables[Kind.PART]) if Kind.PART in tables else None
        names, constants = self._constants()
        body = _keyed_body(
            layout.expression(path), tables, mixed=_not_only_text(tables.get(Kind.VALUE, {}), single=True)[0]
        )
        self.run: Run = function(names, body, constants)

    def _constants(self) -> tuple[list[str], list[object]]:
        names: list[str] = []
        constants: list[object] = []
        for kind, table in self._tables.items():
            names.append(f"T{kind.value}")
            if kind in self._sizes:
                constants.append([(size, each.get) for size, each in self._sizes[kind].items()])
            else:
                constants.append(self._parts.find if self._parts and kind is Kind.PART else table.get)
        return names, constants

    def slow(self, leaves: Leaves, out: set[RuleId]) -> None:
        for value in leaves.keys(self._path):
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
        if self._parts:
            yield from self._parts.find(value)
        for kind, sizes in self._sizes.items():
            text = folded if kind in _FOLDING else value
            ends = kind in (Kind.SUFFIX, Kind.FOLDED_SUFFIX)
            for size, table in sizes.items():
                piece = text[-size:] if ends else text[:size]
                if piece in table:
                    yield table[piece]


class _Parts:
    """Texts that may stand anywhere in a value: an automaton finds their stems in one pass, tables the rest.

    The stems are few where texts begin alike, so that the automaton stays small.
    """

    def __init__(self, table: Table) -> None:
        stems: dict[str, dict[Hashable, Bucket]] = {}
        for part, bucket in table.items():
            stems.setdefault(str(part)[:STEM], {})[part] = bucket
        self._automaton = ahocorasick.Automaton()
        for stem, parts in stems.items():
            self._automaton.add_word(stem, (len(stem) - 1, [(n, some.get) for n, some in _by_size(parts).items()]))
        self._automaton.make_automaton()

    def find(self, text: str) -> list[Bucket]:
        """The buckets of the parts that stand in `text`, each once."""
        found: list[Bucket] = []
        for end, (before, tables) in self._automaton.iter(text):
            start = end - before
            for size, get in tables:
                bucket = get(text[start : start + size])
                if bucket is not None:
                    found.append(bucket)
        return list({id(bucket): bucket for bucket in found}.values()) if len(found) > 1 else found


def _by_size(table: Table) -> dict[int, dict[Hashable, Bucket]]:
    sizes: dict[int, dict[Hashable, Bucket]] = {}
    for text, bucket in table.items():
        sizes.setdefault(len(str(text)), {})[text] = bucket
    return dict(sorted(sizes.items()))


def _keyed_body(expression: str, kinds: Mapping[Kind, Table], *, mixed: bool) -> str:
    lines = ["def run(e, out):", f"    v = {expression}"]
    if Kind.VALUE in kinds:
        key = "(TRUE if v else FALSE) if v.__class__ is bool else v" if mixed else "v"
        lines += [f"    h = T0({key})", indent(TAKE, "    ")]
    if any(kind != Kind.VALUE for kind in kinds):
        lines.append("    if v.__class__ is not str: return")
    if any(kind in _FOLDING for kind in kinds):
        lines.append("    w = v.lower()")
    if Kind.FOLDED in kinds:
        lines += [f"    h = T{Kind.FOLDED.value}(w)", indent(TAKE, "    ")]
    for kind, piece in _SLICE.items():
        if kind in kinds:
            lines += [
                f"    for n, get in T{kind.value}:",
                f"        h = get({piece})",
                indent(TAKE, "        "),
            ]
    if Kind.PART in kinds:
        lines += [f"    for h in T{Kind.PART.value}(v):", indent(TAKE, "        ")]
    return "\n".join(lines)
