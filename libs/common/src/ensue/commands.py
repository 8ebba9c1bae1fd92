"""`ensue check FILES`: validate trigger files without any server, every fault at once with its line.

Loaded by `ensue.cli` through the entry-point group `ensue.commands`. Exit 0 all are right, 2 something is wrong.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from ensue.actions.registry import PARAMS
from ensue.exits import ExitCode
from ensue.wire.document_files import FileInvalid, Place, SourceDocument, read_documents
from ensue.wire.documents import parse_trigger
from ensue.wire.faults import DocumentInvalid

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in one file. `document` counts from 0; line and column from 1, None where they are not known."""

    document: int | None
    pointer: str
    line: int | None
    column: int | None
    message: str
    expected: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one file."""

    file: str
    triggers: int
    faults: tuple[Finding, ...]


def check(
    files: Annotated[list[Path], typer.Argument(help="Trigger files, YAML or JSON; - reads YAML from the input.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check trigger files: every fault with its place and what would be right. Exit 2 if there is one."""
    reports = [check_file(path) for path in files]
    count = sum(len(report.faults) for report in reports)
    if as_json:
        print(json.dumps({"ok": count == 0, "files": [asdict(report) for report in reports]}, indent=2))
    else:
        _print(reports, count)
    raise typer.Exit(ExitCode.INVALID if count else ExitCode.DONE)


def check_file(path: Path) -> Report:
    """What is wrong in one file; a file that cannot be read is a fault too."""
    try:
        content = sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
        documents = read_documents(content, is_json=path.suffix.lower() == ".json")
    except OSError as error:
        return _unreadable(path, f"cannot be read: {error.strerror or type(error).__name__}", None)
    except FileInvalid as invalid:
        return _unreadable(path, invalid.fault.message, invalid.fault.place)
    if not documents:
        return _unreadable(path, "holds no trigger", None)
    faults = [finding for index, document in enumerate(documents) for finding in _check_document(index, document)]
    return Report(str(path), len(documents), tuple(faults))


def _check_document(index: int, document: SourceDocument) -> Iterator[Finding]:
    for fault in document.faults:
        yield _finding(index, "", fault.place, fault.message, None)
    try:
        parse_trigger(document.value, action_params=PARAMS)
    except DocumentInvalid as invalid:
        for wrong in invalid.faults:
            yield _finding(index, wrong.pointer, document.place_of(wrong.pointer), wrong.message, wrong.expected)


def _unreadable(path: Path, message: str, place: Place | None) -> Report:
    return Report(str(path), 0, (_finding(None, "", place, message, None),))


def _finding(index: int | None, pointer: str, place: Place | None, message: str, expected: str | None) -> Finding:
    line, column = (None, None) if place is None else (place.line, place.column)
    return Finding(index, pointer, line, column, message, expected)


def _print(reports: list[Report], count: int) -> None:
    for report in reports:
        for fault in report.faults:
            place = "" if fault.line is None else f"{fault.line}:{fault.column}:"
            expected = f" (expected {fault.expected})" if fault.expected else ""
            print(f"{report.file}:{place} {fault.pointer or 'the file'} {fault.message}{expected}")
    triggers = sum(report.triggers for report in reports)
    print(", ".join((_counted(len(reports), "file"), _counted(triggers, "trigger"), _counted(count, "fault"))))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
