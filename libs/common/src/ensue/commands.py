"""`ensue check FILES`: validate trigger files without any server, every fault at once with its line.

What can never match is a fault; what is only odd (a branch that adds nothing, a trigger that another one covers) is a
warning. Loaded by `ensue.cli` through the entry-point group `ensue.commands`. Exit 0 all are right, 2 a file is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from ensue.actions.registry import PARAMS
from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.errors import InvalidValue
from ensue.exits import ExitCode
from ensue.files import read_content, unreadable
from ensue.runtime.clock import SystemClock
from ensue.wire.calendar_files import read_calendars
from ensue.wire.documents import parse_trigger
from ensue.wire.fault_lines import printable
from ensue.wire.faults import DocumentInvalid, Fault
from ensue.wire.json_places import Place
from ensue.wire.oddities import Known, Samples, faults_of, frequency_of, warnings_of
from ensue.wire.rule_files import sources_of
from ensue.wire.sample_events import EventsInvalid
from ensue.wire.source_document import FileInvalid, SourceDocument


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
class Beside:
    """What files are checked beside: the triggers read before, sample events, calendars."""

    others: list[Known] = field(default_factory=list)
    samples: Samples | None = None
    context: Context = NO_CONTEXT


@dataclass(slots=True)
class Report:
    """What was found in one file."""

    file: str
    triggers: int = 0
    faults: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)


def check(
    files: Annotated[list[Path], typer.Argument(help="Trigger files: YAML, JSON or JSON lines; - reads the input.")],
    *,
    events: Annotated[
        Path | None, typer.Option(help="Sample events: says of each trigger for how many it would fire.")
    ] = None,
    calendars: Annotated[
        Path | None, typer.Option(help="Calendars that conditions name: a file of names and dates.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check trigger files: every fault with its place and what would be right. Exit 2 if there is one."""
    beside = Beside(samples=None if events is None else _samples(events), context=read_calendars(calendars))
    reports = [check_file(path, beside) for path in files]
    count = sum(len(report.faults) for report in reports)
    if as_json:
        print(json.dumps({"ok": count == 0, "files": [asdict(report) for report in reports]}, indent=2))
    else:
        _print(reports, count)
    raise typer.Exit(ExitCode.INVALID if count else ExitCode.DONE)


def _samples(path: Path) -> Samples:
    try:
        return Samples.read(path, read_content(path), SystemClock().now())
    except OSError as error:
        raise InvalidValue(f"{path} {unreadable(error)}") from None
    except EventsInvalid as invalid:
        raise InvalidValue("\n".join(("the sample events are wrong", *invalid.lines))) from None


def check_file(path: Path, beside: Beside) -> Report:
    """What is wrong in one file; a file that cannot be read is a fault too. Its triggers are beside the next."""
    try:
        content = read_content(path)
    except OSError as error:
        return Report(str(path), faults=[_finding(None, "", None, unreadable(error), None)])
    return check_content(path, content, beside)


def check_content(path: Path, content: bytes, beside: Beside) -> Report:
    """What is wrong in the content of a file of this name."""
    report = Report(str(path))
    try:
        for document in sources_of(path, content):
            _check_document(report, document, beside)
            report.triggers += 1
    except FileInvalid as invalid:
        report.faults.append(_finding(None, "", invalid.fault.place, invalid.fault.message, None))
    if not report.triggers and not report.faults:
        report.faults.append(_finding(None, "", None, "holds no trigger", None))
    return report


def lines_of(report: Report) -> Iterator[str]:
    """What was found in one file, a line each, as editors understand it."""
    for fault in report.faults:
        yield _line(report.file, fault, fault.pointer or "the file")
    for warning in report.warnings:
        yield _line(report.file, warning, f"warning: {warning.pointer or 'the trigger'}")
    for note in report.notes:
        yield _line(report.file, note, "the trigger")


def _check_document(report: Report, document: SourceDocument, beside: Beside) -> None:
    index = report.triggers
    report.faults += [_finding(index, "", fault.place, fault.message, None) for fault in document.faults]
    if document.value is None and document.faults:
        return
    try:
        parsed = parse_trigger(document.value, action_params=PARAMS, context=beside.context)
    except DocumentInvalid as invalid:
        report.faults += [_of_fault(index, document, fault) for fault in invalid.faults]
        return
    report.faults += [_of_fault(index, document, fault) for fault in faults_of(parsed)]
    report.warnings += [_of_fault(index, document, fault) for fault in warnings_of(parsed, beside.others)]
    if beside.samples is not None:
        frequency = frequency_of(parsed, beside.samples, beside.context)
        report.notes.append(_of_fault(index, document, Fault("", frequency)))
    beside.others.append(Known(f"{report.file}: {parsed.name}", parsed))


def _of_fault(index: int, document: SourceDocument, fault: Fault) -> Finding:
    return _finding(index, fault.pointer, document.place_of(fault.pointer), fault.message, fault.expected)


def _finding(index: int | None, pointer: str, place: Place | None, message: str, expected: str | None) -> Finding:
    line, column = (None, None) if place is None else (place.line, place.column)
    return Finding(index, pointer, line, column, message, expected)


def _print(reports: list[Report], count: int) -> None:
    for report in reports:
        for line in lines_of(report):
            print(line)
    triggers = sum(report.triggers for report in reports)
    counts = [_counted(len(reports), "file"), _counted(triggers, "trigger"), _counted(count, "fault")]
    warned = sum(len(report.warnings) for report in reports)
    print(", ".join((*counts, _counted(warned, "warning")) if warned else counts))


def _line(file: str, finding: Finding, subject: str) -> str:
    place = "" if finding.line is None else f"{finding.line}:{finding.column}:"
    expected = f" (expected {finding.expected})" if finding.expected else ""
    return f"{file}:{place} {printable(f'{subject} {finding.message}{expected}')}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
