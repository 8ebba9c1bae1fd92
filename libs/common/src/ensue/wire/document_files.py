"""Document files: YAML or JSON text with the place of every value, so that a fault can be shown at its line.

YAML is read as its version 1.2 core schema has it: `on`, `yes` and `no` are texts, so are dates and `09:00`. A file
holds one document, several (`---`), or a list of them. Called by the tools, and by the client for trigger files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from ensue.core.errors import EnsueError
from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.errors import DecodeError
from ensue.wire.faults import Fault, step
from ensue.wire.json_places import MAX_DIGITS, Located, Place, SyntaxFault

__all__ = [
    "BYTE_ORDER_MARK",
    "FileInvalid",
    "Place",
    "SourceDocument",
    "SyntaxFault",
    "iter_documents",
    "printable",
    "read_documents",
    "read_line",
    "worded",
    "worded_faults",
    "worded_syntax",
]

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
MAX_NODES: Final = 50_000
MAX_DEPTH: Final = 100

_TAG = "tag:yaml.org,2002:"
_CORE_SCHEMA: Final = {
    "null": (re.compile(r"(?:~|null|Null|NULL|)\Z"), "~nN\0"),
    "bool": (re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), "tTfF"),
    "int": (re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z"), "-+0123456789"),
    "float": (
        re.compile(
            r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
        ),
        "-+.0123456789",
    ),
}
_MAX_LENGTHS: Final = {"0o": 4700, "0x": 3500}  # such numbers have fewer digits in decimal than MAX_DIGITS


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One document of a file. `places` is by JSON pointer within the document."""

    value: Json
    places: Mapping[str, Place]
    faults: tuple[SyntaxFault, ...] = ()

    def place_of(self, pointer: str) -> Place | None:
        """Where the value at `pointer` stands, or what would have held it."""
        while pointer and pointer not in self.places:
            pointer = pointer.rpartition("/")[0]
        return self.places.get(pointer)


class FileInvalid(EnsueError):
    """A file is no YAML or JSON at all."""

    def __init__(self, fault: SyntaxFault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def read_documents(content: bytes, *, is_json: bool) -> list[SourceDocument]:
    """The documents in a file's content; FileInvalid where it cannot be read."""
    return list(iter_documents(content, is_json=is_json))


def iter_documents(content: bytes, *, is_json: bool) -> Iterator[SourceDocument]:
    """The documents in a file's content, one after the other; FileInvalid where it cannot be read any further."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_start = content.rfind(b"\n", 0, error.start) + 1
        place = Place(content.count(b"\n", 0, error.start) + 1, error.start - line_start + 1)
        raise FileInvalid(SyntaxFault("is not UTF-8", place)) from None
    for document in _read_json(text) if is_json else _read_yaml(text):
        yield from _parts(document)


@dataclass(frozen=True, slots=True)
class _Within(Mapping[str, Place]):
    """The places of a part of a document."""

    whole: Mapping[str, Place]
    prefix: str

    def __getitem__(self, pointer: str) -> Place:
        return self.whole[self.prefix + pointer]

    def __iter__(self) -> Iterator[str]:
        return (pointer[len(self.prefix) :] for pointer in self.whole if f"{pointer}/".startswith(f"{self.prefix}/"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _parts(document: SourceDocument) -> Iterator[SourceDocument]:
    """A list is as many documents as it has elements; what is wrong with the whole is said of the first."""
    if not isinstance(document.value, list) or (document.faults and not document.value):
        yield document
        return
    for index, value in enumerate(document.value):
        yield SourceDocument(value, _Within(document.places, step("", index)), document.faults if index == 0 else ())


def worded(path: Path, place: Place | None, pointer: str, message: str, expected: str | None = None) -> str:
    """A fault as editors understand it, in one line."""
    where = "" if place is None else f"{place.line}:{place.column}:"
    said = f"{pointer or 'the file'} {message}" + (f" (expected {expected})" if expected else "")
    return f"{path}:{where} {printable(said)}"


def worded_syntax(path: Path, source: SourceDocument) -> list[str]:
    """What is wrong with a document as text, each fault at its place."""
    return [worded(path, fault.place, "", fault.message) for fault in source.faults]


def worded_faults(path: Path, source: SourceDocument, faults: Iterable[Fault]) -> list[str]:
    """What is wrong with what a document says, each fault at its place."""
    return [
        worded(path, source.place_of(fault.pointer), fault.pointer, fault.message, fault.expected) for fault in faults
    ]


def printable(text: str) -> str:
    """The text without line breaks, escape sequences and whatever else would not be seen in a terminal."""
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def read_json(text: str, first_line: int = 1) -> SourceDocument:
    """The document that a JSON text holds, its faults with it; FileInvalid where it is no JSON."""
    places = Located(text, first_line)
    try:
        return SourceDocument(strict_json.decode(text.encode()), places)
    except DecodeError as error:
        message = error.message
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        column = error.colno
        raise FileInvalid(
            SyntaxFault(f"is not JSON: {message}", Place(first_line + error.lineno - 1, column))
        ) from None
    except (ValueError, RecursionError):
        fault = SyntaxFault(f"is not JSON: {message}", None)
        raise FileInvalid(next(iter(places.faults), fault)) from None
    return SourceDocument(value, places, places.faults)


def read_line(line: bytes, number: int) -> SourceDocument:
    """The document in one of the lines of a file; one of nothing but its fault where it is no JSON."""
    try:
        return read_json(line.decode(), number)
    except UnicodeDecodeError as error:
        fault = SyntaxFault("is not UTF-8", Place(number, error.start + 1))
    except FileInvalid as invalid:
        fault = invalid.fault
    return SourceDocument(None, {}, (fault,))


def _read_json(text: str) -> Iterator[SourceDocument]:
    if text.strip():
        yield read_json(text)


def _read_yaml(text: str) -> Iterator[SourceDocument]:
    try:
        for node in yaml.compose_all(text, Loader=_CoreLoader):
            builder = _Builder()
            value = builder.build(node, "")
            if value is not None or builder.faults:
                yield SourceDocument(value, builder.places, tuple(builder.faults))
    except yaml.MarkedYAMLError as error:
        message = f"is not YAML: {error.problem or error.context}"
        raise FileInvalid(SyntaxFault(message, _place(error.problem_mark))) from None
    except yaml.reader.ReaderError as error:
        line_start = text.rfind("\n", 0, error.position) + 1
        place = Place(text.count("\n", 0, error.position) + 1, error.position - line_start + 1)
        raise FileInvalid(
            SyntaxFault(f"is not YAML: it has the character U+{ord(text[error.position]):04X}", place)
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        raise FileInvalid(SyntaxFault(f"is not YAML: {str(error).splitlines()[0]}")) from None
    except RecursionError:
        raise FileInvalid(SyntaxFault("is nested too deep")) from None


class _CoreLoader(yaml.SafeLoader):
    """PyYAML's parser with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own way
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The node that begins with the next event; no deeper than MAX_DEPTH."""
        if self._depth > MAX_DEPTH:
            raise FileInvalid(SyntaxFault("is nested too deep", _place(self.peek_event().start_mark)))  # type: ignore[no-untyped-call]  # PyYAML has none
        self._depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _name, (_pattern, _first) in _CORE_SCHEMA.items():
    _CoreLoader.add_implicit_resolver(_TAG + _name, _pattern, [c.strip("\0") for c in _first])


@dataclass(slots=True)
class _Builder:
    """Builds the value of one document from its nodes, and notes where each stood."""

    places: dict[str, Place] = field(default_factory=dict)
    faults: list[SyntaxFault] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)
    _nodes: int = 0

    def build(self, node: yaml.Node, pointer: str) -> Json:
        place = _place(node.start_mark)
        if place is not None:
            self.places[pointer] = place
        self._nodes += 1
        if id(node) in self._open or self._nodes > MAX_NODES:
            # An alias inside itself, or aliases that multiply.
            raise FileInvalid(SyntaxFault("holds itself, or too many values", place))
        self._open.add(id(node))
        try:
            return self._inside(node, pointer)
        finally:
            self._open.discard(id(node))

    def _inside(self, node: yaml.Node, pointer: str) -> Json:
        if isinstance(node, yaml.CollectionNode) and node.tag not in {f"{_TAG}map", f"{_TAG}seq"}:
            self._fault(f"has the tag {node.tag[:100]!r}, which is not supported here", node)
        if isinstance(node, yaml.MappingNode):
            return self._object(node, pointer)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(element, step(pointer, index)) for index, element in enumerate(node.value)]
        return self._scalar(node)

    def _object(self, node: yaml.MappingNode, pointer: str) -> Json:
        members: dict[str, Json] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._fault("has a member whose name is not a text", key)
            elif key.value in members:
                self._fault(f"names {key.value[:100]!r} twice in one object", key)
            else:
                members[key.value] = self.build(value, step(pointer, key.value))
        return members

    def _scalar(self, node: yaml.Node) -> Json:
        text, kind = str(node.value), node.tag.removeprefix(_TAG)
        if kind == "str":
            return text
        if kind not in _CORE_SCHEMA or not _CORE_SCHEMA[kind][0].match(text):
            self._fault(f"has the tag {node.tag[:100]!r}, which is not supported here", node)
            return text
        if kind == "int" and len(text) > _MAX_LENGTHS.get(text[:2], MAX_DIGITS):
            self._fault("has a number with too many digits", node)
            return 0
        return _plain(kind, text)

    def _fault(self, message: str, node: yaml.Node) -> None:
        self.faults.append(SyntaxFault(message, _place(node.start_mark)))


def _plain(kind: str, text: str) -> Json:
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _place(mark: yaml.Mark | None) -> Place | None:
    return None if mark is None else Place(mark.line + 1, mark.column + 1)
