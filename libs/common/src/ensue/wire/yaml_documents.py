"""YAML text as documents with the place of every value, by the core schema of YAML 1.2. Called by `document_files`.

PyYAML reads 1.1: its parser is used with other scalars, so that `on`, `yes`, dates and `09:00` are texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import yaml

from ensue.core.json import Json
from ensue.wire.faults import step
from ensue.wire.json_places import MAX_DIGITS, Place, SyntaxFault
from ensue.wire.source_document import FileInvalid, SourceDocument

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


def read_yaml(text: str) -> Iterator[SourceDocument]:
    """The documents of a YAML text, those of nothing left out; FileInvalid where it cannot be read any further."""
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
