"""`ensue check FILES`: validate trigger files without any server, every fault at once with its line.

What can never match is a fault; what is only odd (a branch that adds nothing, a trigger that another one covers) is a
warning. Loaded by `ensue.cli` through the entry-point group `ensue.commands`. Exit 0 all are right, 2 a file is wrong.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from ensue.actions.registry import PARAMS
from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.errors import InvalidValue
from ensue.exits import ExitCode
from ensue.runtime.clock import SystemClock
from ensue.wire.calendar_files import read_calendars
from ensue.wire.document_files import FileInvalid, Place, SourceDocument, read_documents
from ensue.wire.documents import parse_trigger
from ensue.wire.faults import DocumentInvalid, Fault
from ensue.wire.oddities import Known, Samples, faults_of, frequency_of, warnings_of

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
    warnings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()


def check(
    files: Annotated[list[Path], typer.Argument(help="Trigger files, YAML or JSON; - reads YAML from the input.")],
    *,
    events: Annotated[
        Path | None, typer.Option(help="Sample events: says of each trigger how many it would fire for.")
    ] = None,
    calendars: Annotated[Path | None, typer.Option(help="Calendars that conditions name: {name: [dates]}.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check trigger files: every fault with its place and what would be right. Exit 2 if there is one."""
    samples = None if events is None else _samples(events)
    context = read_calendars(calendars)
    others: list[Known] = []
    reports = [check_file(path, others, samples, context) for path in files]
    count = sum(len(report.faults) for report in reports)
    if as_json:
        print(json.dumps({"ok": count == 0, "files": [asdict(report) for report in reports]}, indent=2))
    else:
        _print(reports, count)
    raise typer.Exit(ExitCode.INVALID if count else ExitCode.DONE)


def _samples(path: Path) -> Samples:
    try:
        return Samples.read(path, SystemClock().now())
    except OSError as error:
        message = f"cannot be read: {error.strerror or type(error).__name__}"
    except FileInvalid as invalid:
        place = invalid.fault.place
        message = invalid.fault.message if place is None else f"{place.line}:{place.column}: {invalid.fault.message}"
    raise InvalidValue(f"{path} {message}")


def check_file(path: Path, others: list[Known], samples: Samples | None, context: Context = NO_CONTEXT) -> Report:
    """What is wrong in one file; a file that cannot be read is a fault too. Its triggers are added to `others`."""
    try:
        content = sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
        documents = read_documents(content, is_json=path.suffix.lower() == ".json")
    except OSError as error:
        return _unreadable(path, f"cannot be read: {error.strerror or type(error).__name__}", None)
    except FileInvalid as invalid:
        return _unreadable(path, invalid.fault.message, invalid.fault.place)
    if not documents:
        return _unreadable(path, "holds no trigger", None)
    faults: list[Finding] = []
    warnings: list[Finding] = []
    notes: list[Finding] = []
    for index, document in enumerate(documents):
        faults += [_finding(index, "", fault.place, fault.message, None) for fault in document.faults]
        try:
            parsed = parse_trigger(document.value, action_params=PARAMS, context=context)
        except DocumentInvalid as invalid:
            faults += [_of_fault(index, document, fault) for fault in invalid.faults]
            continue
        faults += [_of_fault(index, document, fault) for fault in faults_of(parsed)]
        warnings += [_of_fault(index, document, fault) for fault in warnings_of(parsed, others)]
        if samples is not None:
            notes.append(_of_fault(index, document, Fault("", frequency_of(parsed, samples, context))))
        others.append(Known(f"{path}: {parsed.name}", parsed))
    return Report(str(path), len(documents), tuple(faults), tuple(warnings), tuple(notes))


def _of_fault(index: int, document: SourceDocument, fault: Fault) -> Finding:
    return _finding(index, fault.pointer, document.place_of(fault.pointer), fault.message, fault.expected)


def _unreadable(path: Path, message: str, place: Place | None) -> Report:
    return Report(str(path), 0, (_finding(None, "", place, message, None),))


def _finding(index: int | None, pointer: str, place: Place | None, message: str, expected: str | None) -> Finding:
    line, column = (None, None) if place is None else (place.line, place.column)
    return Finding(index, pointer, line, column, message, expected)


def _print(reports: list[Report], count: int) -> None:
    for report in reports:
        for fault in report.faults:
            print(_line(report.file, fault, fault.pointer or "the file"))
        for warning in report.warnings:
            print(_line(report.file, warning, f"warning: {warning.pointer or 'the trigger'}"))
        for note in report.notes:
            print(_line(report.file, note, "the trigger"))
    triggers = sum(report.triggers for report in reports)
    counts = [_counted(len(reports), "file"), _counted(triggers, "trigger"), _counted(count, "fault")]
    warned = sum(len(report.warnings) for report in reports)
    print(", ".join((*counts, _counted(warned, "warning")) if warned else counts))


def _line(file: str, finding: Finding, subject: str) -> str:
    place = "" if finding.line is None else f"{finding.line}:{finding.column}:"
    expected = f" (expected {finding.expected})" if finding.expected else ""
    return f"{file}:{place} {subject} {finding.message}{expected}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
