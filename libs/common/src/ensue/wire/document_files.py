"""Document files: YAML or JSON text with the place of every value, so that a fault can be shown at its line.

YAML is read as its version 1.2 core schema has it: `on`, `yes` and `no` are texts, so are dates and `09:00`. A file
holds one document, several (`---`), or a list of them. Called by the tools, and by the client for trigger files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ensue.wire import strict_json
from ensue.wire.errors import DecodeError
from ensue.wire.faults import step
from ensue.wire.json_places import Located, Place, SyntaxFault
from ensue.wire.source_document import FileInvalid, SourceDocument
from ensue.wire.yaml_documents import read_yaml

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


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
    for document in _read_json(text) if is_json else read_yaml(text):
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
