"""Calendars as people write them and as they travel: documents, and records on `ensue.triggers`.

A document lists days: dates, ranges of dates, and days of every year. Written by trigger-api, which also says them on
the topic of the triggers, and read by the evaluator; the tools read them from files. docs/calendars.md has the syntax.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, cast

import msgspec

from ensue.core.calendars import Calendar, CalendarId, CalendarRemoval
from ensue.core.conditions.context import Context
from ensue.core.json import Json
from ensue.wire.attributes import TENANT_SYNTAX, is_tenant
from ensue.wire.errors import DecodeError, DecodeReason
from ensue.wire.faults import DocumentInvalid, Fault, Faults, step
from ensue.wire.headers import CONTENT_TYPE, JSON_CONTENT_TYPE, KIND
from ensue.wire.revisions import Revision, read_revision, revision_header
from ensue.wire.sections import Section, refuse_unstorable
from ensue.wire.topics import OutgoingRecord, Topic

CALENDAR_KIND: Final = "calendar"
NAME_SYNTAX: Final = TENANT_SYNTAX
MAX_ENTRIES: Final = 1000
MAX_DAYS: Final = 10_000
MAX_DESCRIPTION: Final = 5000
YEARS: Final = range(2000, 2100)  # in which a day of every year is
EXPECTED: Final = '"2026-12-24", "--12-25" for every year, or {from: "2026-12-24", to: "2027-01-02"}'

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARLY: Final = re.compile(r"--([0-9]{2})-([0-9]{2})")
_LEAP_YEAR: Final = 2000
_KEY: Final = "calendar"


@dataclass(frozen=True, slots=True)
class ParsedCalendar:
    """What a document says: its days as they were written, and written out."""

    description: str
    written: Sequence[Json]
    dates: frozenset[date]


@dataclass(frozen=True, slots=True)
class CalendarRecord:
    """One revision of a calendar as it travels: its days as they were written down."""

    calendar_id: CalendarId
    revision: int
    dates: Sequence[Json]


class _Record(msgspec.Struct):
    tenant: str
    name: str
    revision: Revision
    dates: list[Any]


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Record)


def is_calendar_record(headers: Sequence[tuple[str, bytes | None]]) -> bool:
    """Whether a record of `ensue.triggers` is of a calendar; those of triggers name no kind."""
    return (KIND, CALENDAR_KIND.encode()) in headers


def is_calendar_name(text: str) -> bool:
    """Whether a calendar may have this name: the syntax is that of tenants."""
    return is_tenant(text)


def parse_calendar(document: object, name: str | None = None) -> ParsedCalendar:
    """Read a calendar's document; DocumentInvalid has all that is wrong. `name`: what it may call itself."""
    faults = Faults()
    refuse_unstorable(document, faults)
    faults.raise_any()
    root = Section.of(document, "", faults)
    if root is None:
        raise DocumentInvalid([Fault("", "is not an object", "a calendar: dates, and a description if you like")])
    if root.has("name") and name is not None and root.members["name"] != name:
        root.fault("name", "is not the name in the address", name)
    description = root.text("description", MAX_DESCRIPTION, default="", lines=True)
    dates = _days(root)
    root.refuse_unknown()
    faults.raise_any()
    return ParsedCalendar(description, cast("Sequence[Json]", root.members["dates"]), dates)


def calendars_of_file(document: object) -> Context:
    """The calendars of a file, `{name: [dates]}` or `{name: {dates: [...]}}`; DocumentInvalid has all that is wrong."""
    if not isinstance(document, Mapping):
        raise DocumentInvalid([Fault("", "is not an object", "calendars by name: {holidays: [2026-12-24]}")])
    found: dict[str, frozenset[date]] = {}
    faults: list[Fault] = []
    for name, written in document.items():
        place = step("", str(name))
        if not isinstance(name, str) or not is_calendar_name(name):
            faults.append(Fault(place, "is not the name of a calendar", NAME_SYNTAX))
        bare = isinstance(written, (list, tuple))
        try:
            found[str(name)] = parse_calendar({"dates": written} if bare else written, str(name)).dates
        except DocumentInvalid as invalid:
            faults += [_within(place, fault, bare=bare) for fault in invalid.faults]
    if faults:
        raise DocumentInvalid(faults)
    return Context(found)


def encode_calendar(record: CalendarRecord) -> OutgoingRecord:
    """The record of one revision."""
    tenant, name = record.calendar_id
    value = _ENCODER.encode(_Record(tenant, name, record.revision, list(record.dates)))
    headers = ((CONTENT_TYPE, JSON_CONTENT_TYPE), *_headers(record.revision))
    return OutgoingRecord(Topic.TRIGGERS, _key(record.calendar_id), value, headers)


def encode_calendar_tombstone(removal: CalendarRemoval) -> OutgoingRecord:
    """The record of a deletion."""
    return OutgoingRecord(Topic.TRIGGERS, _key(removal.calendar_id), None, _headers(removal.revision))


def decode_calendar(
    key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
) -> CalendarRecord | CalendarRemoval:
    """The revision or the deletion in a record; DecodeError (invalid_record) where key, value and header disagree."""
    calendar_id, revision = _read_key(key), read_revision(headers)
    if value is None:
        return CalendarRemoval(calendar_id, revision)
    try:
        record = _DECODER.decode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _invalid(str(error)) from None
    if (record.tenant, record.name, record.revision) != (*calendar_id, revision):
        raise _invalid("the value is of another calendar or revision than the key and the header")
    return CalendarRecord(calendar_id, revision, record.dates)


def to_calendar(record: CalendarRecord) -> Calendar:
    """The calendar of a revision; DocumentInvalid if this version cannot read its days."""
    parsed = parse_calendar({"dates": record.dates})
    return Calendar(record.calendar_id, record.revision, parsed.dates)


def key_of(calendar_id: CalendarId) -> str:
    """As the key of its record has it; no trigger's key is like it, for what follows the tenant there is a UUID."""
    return f"{calendar_id.tenant}/{_KEY}/{calendar_id.name}"


def _days(root: Section) -> frozenset[date]:
    days: list[date] = []
    if root.has("dates") and root.members["dates"] == []:
        return frozenset()
    for pointer, value in root.items("dates", MAX_ENTRIES, "dates, days of every year and ranges"):
        days += _entry(value, pointer, root.faults)
        if len(days) > MAX_DAYS:  # counted entry by entry, so that the work is bounded too
            root.fault("dates", "are too many days", f"at most {MAX_DAYS}, a day of every year counted {len(YEARS)}")
            break
    return frozenset(days)


def _entry(value: object, pointer: str, faults: Faults) -> Sequence[date]:
    if isinstance(value, Mapping):
        return _range(value, pointer, faults)
    if isinstance(value, str):
        day = _date(value)
        days = _yearly(value) if day is None else (day,)
        if days:
            return days
    faults.add(pointer, "is not a day", EXPECTED)
    return ()


def _range(value: Mapping[Any, object], pointer: str, faults: Faults) -> Sequence[date]:
    section = Section(value, pointer, faults)
    first, last = _end(section, "from"), _end(section, "to")
    section.refuse_unknown()
    if first is None or last is None:
        return ()
    if last < first:
        section.fault("to", "is before the first day", "a date that is not before from")
        return ()
    start, end = first.toordinal(), last.toordinal()
    return [date.fromordinal(number) for number in range(start, min(end, start + MAX_DAYS) + 1)]


def _end(section: Section, name: str) -> date | None:
    if not section.has(name):
        section.fault(name, "is missing", "a date such as 2026-12-24")
        return None
    value = section.members[name]
    day = _date(value) if isinstance(value, str) else None
    if day is None:
        section.fault(name, "is not a date", "a date such as 2026-12-24")
    return day


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


@lru_cache(maxsize=366)
def _yearly(text: str) -> tuple[date, ...]:
    """The days that `--12-25` is; of the 29th of February those of leap years; none where it is no such text."""
    found = _YEARLY.fullmatch(text)
    if found is None or _date(f"{_LEAP_YEAR}-{found[1]}-{found[2]}") is None:
        return ()
    dates = (_date(f"{year}-{found[1]}-{found[2]}") for year in YEARS)
    return tuple(day for day in dates if day is not None)


def _within(place: str, fault: Fault, *, bare: bool) -> Fault:
    pointer = fault.pointer.removeprefix("/dates") if bare else fault.pointer
    return Fault(place + pointer, fault.message, fault.expected)


def _headers(revision: int) -> tuple[tuple[str, bytes], ...]:
    return ((KIND, CALENDAR_KIND.encode()), revision_header(revision))


def _key(calendar_id: CalendarId) -> bytes:
    return key_of(calendar_id).encode()


def _read_key(key: bytes | None) -> CalendarId:
    try:
        tenant, word, name = (key or b"").decode().split("/")
    except ValueError:
        raise _invalid("the key is not tenant/calendar/name") from None
    if word != _KEY or not is_tenant(tenant) or not is_calendar_name(name):
        raise _invalid("the key is not tenant/calendar/name")
    return CalendarId(tenant, name)


def _invalid(message: str) -> DecodeError:
    return DecodeError(DecodeReason.INVALID_RECORD, message)
