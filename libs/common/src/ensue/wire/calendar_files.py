"""Calendar files: named calendars as people keep them beside their triggers, for the tools that need no server.

A file is one YAML or JSON document: `{name: [dates]}`, or `{name: {description, dates}}` as the API has them. Called by
`ensue check`, `ensue match`, `ensue explain` and `ensue.testing.match`.
"""

from __future__ import annotations

from pathlib import Path

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.errors import InvalidValue
from ensue.wire.calendars import calendars_of_file
from ensue.wire.document_files import read_documents
from ensue.wire.fault_lines import worded, worded_faults, worded_syntax
from ensue.wire.faults import DocumentInvalid
from ensue.wire.source_document import FileInvalid, SourceDocument


def read_calendars(path: Path | None) -> Context:
    """The calendars of a file, none without one; InvalidValue says, with file, line and column, all that is wrong."""
    if path is None:
        return NO_CONTEXT
    try:
        documents = read_documents(path.read_bytes(), is_json=path.suffix.lower() == ".json")
    except OSError as error:
        raise InvalidValue(
            worded(path, None, "", f"cannot be read: {error.strerror or type(error).__name__}")
        ) from None
    except FileInvalid as invalid:
        raise InvalidValue(worded(path, invalid.fault.place, "", invalid.fault.message)) from None
    if len(documents) != 1:
        raise InvalidValue(worded(path, None, "", f"holds {len(documents)} documents", "one: {name: [dates]}"))
    return _context(path, documents[0])


def _context(path: Path, source: SourceDocument) -> Context:
    wrong = worded_syntax(path, source)
    try:
        context = calendars_of_file(source.value)
    except DocumentInvalid as invalid:
        wrong += worded_faults(path, source, invalid.faults)
        context = NO_CONTEXT
    if wrong:
        raise InvalidValue("\n".join(wrong))
    return context
