"""Documents from files, read as `ensue check` reads them: JSON or YAML, one or many in a file; also JSON lines.

Called by the commands that take files, and by the demo.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ensue.core.errors import InvalidValue
from ensue.core.json import Json, JsonObject
from ensue.wire import strict_json
from ensue.wire.document_files import read_documents as parse
from ensue.wire.errors import DecodeError
from ensue.wire.source_document import FileInvalid, SourceDocument

STDIN = "-"
JSON_ENDING = ".json"


def read_documents(files: Sequence[Path], what: str) -> list[JsonObject]:
    """Every document of the files, in their order; `-` is the standard input. A list counts as its members.

    what: the name of one such document, for InvalidValue about a file that holds none.
    """
    return [document for file in files for document in _some(str(file), what)]


def _some(name: str, what: str) -> list[JsonObject]:
    documents = list(_documents(name))
    if not documents:
        raise InvalidValue(f"{name} holds no {what}")
    return documents


def _documents(name: str) -> Iterator[JsonObject]:
    content = _content(name)
    try:
        values = [_value(name, document) for document in parse(content, is_json=name.endswith(JSON_ENDING))]
    except FileInvalid as invalid:
        values = _lines(content)
        if not values:
            place = f" (line {invalid.fault.place.line})" if invalid.fault.place else ""
            raise InvalidValue(f"{name} {invalid.fault.message}{place}") from invalid
    for value in values:
        if not isinstance(value, dict):
            raise InvalidValue(f"{name}: a document must be an object, not {type(value).__name__}")
        yield value


def _content(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
    except OSError as error:
        raise InvalidValue(f"{name} cannot be read: {error.strerror}") from error


def _value(name: str, document: SourceDocument) -> Json:
    for fault in document.faults:
        place = f" line {fault.place.line}:" if fault.place else ""
        raise InvalidValue(f"{name}:{place} {fault.message}")
    return document.value


def _lines(content: bytes) -> list[Json]:
    """One JSON value a line; nothing where it is not that."""
    try:
        return [strict_json.decode(line) for line in content.splitlines() if line.strip()]
    except DecodeError:
        return []
