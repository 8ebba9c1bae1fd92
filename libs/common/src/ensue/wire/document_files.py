"""Document files: YAML or JSON text with the place of every value, so that a fault can be shown at its line.

YAML is read as its version 1.2 core schema has it: `on`, `yes` and `no` are texts, so are dates and `09:00`. A file
holds one document, several (`---`), or a list of them. Called by `ensue check`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml

from ensue.core.errors import EnsueError
from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.errors import DecodeError
from ensue.wire.faults import step

MAX_NODES: Final = 50_000

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


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file, both numbers from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """What makes a file unreadable, or a value no JSON."""

    message: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One document of a file. `places` is by JSON pointer within the document; JSON that YAML cannot read has none."""

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
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileInvalid(SyntaxFault(f"is not UTF-8 at byte {error.start}")) from None
    whole = [_read_json(text)] if is_json else list(_read_yaml(text))
    return [part for document in whole for part in _parts(document)]


def _parts(document: SourceDocument) -> Iterator[SourceDocument]:
    """A list is as many documents as it has elements; a document with faults stays whole."""
    if not isinstance(document.value, list) or document.faults:
        yield document
        return
    for index, value in enumerate(document.value):
        prefix = step("", index)
        inside = {p[len(prefix) :]: place for p, place in document.places.items() if f"{p}/".startswith(f"{prefix}/")}
        yield SourceDocument(value, inside)


def _read_json(text: str) -> SourceDocument:
    try:
        value = strict_json.decode(text.encode())
    except DecodeError as error:
        raise FileInvalid(SyntaxFault(f"is not JSON: {error.message}", _place_of_error(text))) from None
    try:
        # A tab can only stand between the tokens of JSON; in YAML it cannot.
        located = next(_read_yaml(text.replace("\t", " ")), None)
    except FileInvalid:
        located = None
    return SourceDocument(value, {} if located is None else located.places)


def _place_of_error(text: str) -> Place | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return Place(error.lineno, error.colno)
    except (ValueError, RecursionError):
        return None
    return None


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
    except yaml.YAMLError as error:
        raise FileInvalid(SyntaxFault(f"is not YAML: {str(error).splitlines()[0]}")) from None
    except RecursionError:
        raise FileInvalid(SyntaxFault("is nested too deep")) from None


class _CoreLoader(yaml.SafeLoader):
    """PyYAML's parser with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own way


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
        if isinstance(node, yaml.MappingNode):
            return self._object(node, pointer)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(element, step(pointer, index)) for index, element in enumerate(node.value)]
        return self._scalar(node)

    def _object(self, node: yaml.MappingNode, pointer: str) -> Json:
        members: dict[str, Json] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._fault("the name of a member is not a text", key)
            elif key.value in members:
                self._fault(f"the name {key.value[:100]!r} stands twice in one object", key)
            else:
                members[key.value] = self.build(value, step(pointer, key.value))
        return members

    def _scalar(self, node: yaml.Node) -> Json:
        text, kind = str(node.value), node.tag.removeprefix(_TAG)
        if kind == "str":
            return text
        if kind not in _CORE_SCHEMA or not _CORE_SCHEMA[kind][0].match(text):
            self._fault(f"the tag {node.tag[:100]!r} is not supported here", node)
            return None
        try:
            return _plain(kind, text)
        except ValueError:
            self._fault("the number has too many digits", node)
            return None

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
