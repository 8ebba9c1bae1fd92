"""Faults of files in words, as editors understand them: `file:line:column: pointer message`. Used by the tools.

What would move the cursor or break the line is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ensue.wire.faults import Fault
from ensue.wire.json_places import Place
from ensue.wire.source_document import SourceDocument


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
