"""Where the values of a JSON text stand, and which of its names stand twice. Called by `document_files`, `rule_files`.

It reads what a JSON parser has read already and says nothing of syntax; of the rest, what `strict_json` refuses without
naming a place: names that stand twice, nesting, numbers with more digits than Python turns into text.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ensue.wire.faults import step
from ensue.wire.strict_json import MAX_DEPTH

MAX_DIGITS: Final = 4300
_TOKEN = re.compile(
    r'[ \t\n\r]*(?:(?P<mark>[{}\[\],:])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<other>[^\s{}\[\],:"]+))', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file, both numbers from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """What makes a file unreadable, or a value no JSON. `message` continues "the file"."""

    message: str
    place: Place | None = None


@dataclass(slots=True)
class _Open:
    """An object or array on the way to the token that is read. `name` is that of the member whose value comes next."""

    pointer: str
    is_object: bool
    count: int = 0
    name: str | None = None
    names: set[str] = field(default_factory=set)

    def next(self) -> str:
        """The pointer of the value that begins now."""
        self.count += 1
        name, self.name = self.name, None
        return step(self.pointer, self.count - 1 if name is None else name)


class Located(Mapping[str, Place]):
    """Places by JSON pointer, looked for when the first one is asked for: most texts have no faults to show."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        self._text = text
        self._first_line = first_line

    def __getitem__(self, pointer: str) -> Place:
        return self._found[0][pointer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found[0])

    def __len__(self) -> int:
        return len(self._found[0])

    @property
    def faults(self) -> tuple[SyntaxFault, ...]:
        """What `strict_json` refuses and this reading sees."""
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[dict[str, Place], tuple[SyntaxFault, ...]]:
        reading = _Reading()
        for token in _TOKEN.finditer(self._text):
            if not reading.take(token):
                break
        starts = [0, *(found.end() for found in re.finditer("\n", self._text))]

        def place(offset: int) -> Place:
            line = bisect_right(starts, offset)
            return Place(self._first_line + line - 1, offset - starts[line - 1] + 1)

        places = {pointer: place(offset) for pointer, offset in reading.offsets.items()}
        return places, tuple(SyntaxFault(message, place(offset)) for message, offset in reading.faults)


class _Reading:
    def __init__(self) -> None:
        self.offsets: dict[str, int] = {}
        self.faults: list[tuple[str, int]] = []
        self._open: list[_Open] = []

    def take(self, token: re.Match[str]) -> bool:
        """Read one token; whether to go on."""
        kind = token.lastgroup or ""
        word, offset = token[kind], token.start(kind)
        if word in {"}", "]"}:
            if self._open:
                self._open.pop()
        elif kind == "text" and self._open and self._open[-1].is_object and self._open[-1].name is None:
            self._name(self._open[-1], word, offset)
        elif word not in {",", ":"}:
            self._value(word, offset)
        return len(self._open) <= MAX_DEPTH

    def _name(self, inside: _Open, word: str, offset: int) -> None:
        try:
            name = str(json.loads(word, strict=False))
        except ValueError:
            name = word
        if name in inside.names:
            self.faults.append((f"names {name[:100]!r} twice in one object", offset))
        inside.names.add(name)
        inside.name = name

    def _value(self, word: str, offset: int) -> None:
        pointer = self._open[-1].next() if self._open else ""
        self.offsets[pointer] = offset
        if word in {"{", "["}:
            self._open.append(_Open(pointer, is_object=word == "{"))
            if len(self._open) > MAX_DEPTH:
                self.faults.append(("is nested too deep", offset))
        elif len(word) > MAX_DIGITS and word.lstrip("-").isdecimal():
            self.faults.append(("has a number with too many digits", offset))
