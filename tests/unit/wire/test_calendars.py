"""Calendars: which days a document means, what is refused with its place, and the records that they travel in."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.house.source import ROOT

from ensue.core.calendars import CalendarId, CalendarRemoval
from ensue.core.json import Json
from ensue.wire.calendar_files import read_calendars
from ensue.wire.calendars import (
    MAX_DAYS,
    MAX_ENTRIES,
    YEARS,
    CalendarRecord,
    calendars_of_file,
    decode_calendar,
    encode_calendar,
    encode_calendar_tombstone,
    is_calendar_record,
    parse_calendar,
    to_calendar,
)
from ensue.wire.document_files import read_documents
from ensue.wire.errors import DecodeError
from ensue.wire.faults import DocumentInvalid
from ensue.wire.headers import REVISION
from ensue.wire.topics import Topic
from ensue.wire.triggers import decode_trigger

FREEZE = CalendarId("studio", "studio-freeze")
RECORD = CalendarRecord(FREEZE, 7, ["2026-12-24", "--12-25", {"from": "2027-01-01", "to": "2027-01-02"}])
KEY = b"studio/calendar/studio-freeze"


def days_of(*entries: Json) -> frozenset[date]:
    return parse_calendar({"dates": list(entries)}).dates


def test_a_date_a_range_and_a_day_of_every_year() -> None:
    assert days_of("2026-12-24") == {date(2026, 12, 24)}
    assert days_of({"from": "2026-12-30", "to": "2027-01-01"}) == {
        date(2026, 12, 30),
        date(2026, 12, 31),
        date(2027, 1, 1),
    }
    assert days_of("--12-25") == {date(year, 12, 25) for year in YEARS}
    assert {day.year for day in days_of("--02-29")} == {year for year in YEARS if year % 4 == 0}
    assert days_of() == frozenset()


@given(st.dates(date(2000, 1, 1), date(2098, 1, 1)), st.integers(0, 400))
def test_a_range_is_its_days_one_by_one(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    one_by_one = [(first + timedelta(days=number)).isoformat() for number in range(length + 1)]
    assert days_of({"from": first.isoformat(), "to": last.isoformat()}) == days_of(*one_by_one)


def test_what_is_kept_is_what_was_written() -> None:
    parsed = parse_calendar({"name": "studio-freeze", "description": "Two\nlines", "dates": RECORD.dates}, FREEZE.name)
    assert (parsed.description, parsed.written) == ("Two\nlines", RECORD.dates)


@pytest.mark.parametrize(
    ("document", "pointers"),
    [
        ([], [""]),
        ({"dates": None}, ["/dates"]),
        (
            {"dates": ["2026-13-01", "2026-1-1", "--13-01", "20261224", "--1225", True]},
            [f"/dates/{n}" for n in range(6)],
        ),
        ({"dates": [{"from": "2026-01-02", "to": "2026-01-01", "zone": "UTC"}]}, ["/dates/0/zone", "/dates/0/to"]),
        ({"dates": [{"from": "--12-24", "to": None}]}, ["/dates/0/from", "/dates/0/to"]),
        ({"dates": ["2026-01-01"] * (MAX_ENTRIES + 1)}, ["/dates"]),
        ({"dates": [{"from": "2000-01-01", "to": "2030-01-01"}]}, ["/dates"]),
        ({"dates": [], "name": "other"}, ["/name"]),
        ({"dates": [], "date": []}, ["/date"]),
    ],
)
def test_what_is_wrong_is_named_with_its_place(document: Json, pointers: list[str]) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        parse_calendar(document, "studio-freeze")
    assert [fault.pointer for fault in refused.value.faults] == pointers


def test_ten_thousand_days_are_the_most() -> None:
    first = date(2000, 1, 1)
    last = first + timedelta(days=MAX_DAYS - 1)
    assert len(days_of({"from": first.isoformat(), "to": last.isoformat()})) == MAX_DAYS
    with pytest.raises(DocumentInvalid, match="too many days"):
        days_of({"from": first.isoformat(), "to": last.isoformat()}, "--12-25", "1999-12-31")


@pytest.mark.timeout(5)
def test_the_same_days_over_and_over_are_too_many_and_no_work() -> None:
    with pytest.raises(DocumentInvalid, match="too many days"):
        days_of(*[{"from": "2000-01-01", "to": "2027-05-18"}] * MAX_ENTRIES)


def test_a_file_has_calendars_by_name() -> None:
    context = calendars_of_file({"a": ["2026-01-01"], "b": {"description": None, "dates": []}})
    assert context.calendars == {"a": {date(2026, 1, 1)}, "b": frozenset()}
    with pytest.raises(DocumentInvalid) as refused:
        calendars_of_file({"a": ["soon"], "A b": [], "c": {"dates": ["soon"]}})
    assert [fault.pointer for fault in refused.value.faults] == ["/a/0", "/A b", "/c/dates/0"]


def test_a_revision_is_read_as_it_was_written() -> None:
    record = encode_calendar(RECORD)
    assert (record.topic, record.key, dict(record.headers)[REVISION]) == (Topic.TRIGGERS, KEY, b"7")
    assert is_calendar_record(record.headers)
    assert decode_calendar(record.key, record.value, record.headers) == RECORD
    assert date(2026, 12, 25) in to_calendar(RECORD).dates


def test_a_tombstone_carries_the_revision_of_the_deletion() -> None:
    removal = CalendarRemoval(FREEZE, 8)
    record = encode_calendar_tombstone(removal)
    assert (record.key, record.value) == (KEY, None)
    assert is_calendar_record(record.headers)
    assert decode_calendar(record.key, record.value, record.headers) == removal


def test_who_does_not_know_calendars_takes_none_for_a_trigger() -> None:
    for record in (encode_calendar(RECORD), encode_calendar_tombstone(CalendarRemoval(FREEZE, 8))):
        with pytest.raises(DecodeError):
            decode_trigger(record.key, record.value, record.headers)


@pytest.mark.parametrize(
    ("key", "revision"),
    [
        (None, b"7"),
        (b"studio/studio-freeze", b"7"),
        (b"studio/trigger/studio-freeze", b"7"),
        (b"Studio/calendar/studio-freeze", b"7"),
        (b"studio/calendar/Studio", b"7"),
        (b"studio/calendar/a/b", b"7"),
        (b"\xff/calendar/a", b"7"),
        (b"other/calendar/studio-freeze", b"7"),
        (b"studio/calendar/other", b"7"),
        (KEY, b"8"),
        (KEY, b"x"),
    ],
)
def test_a_wrong_key_or_revision_makes_an_invalid_record(key: bytes | None, revision: bytes) -> None:
    with pytest.raises(DecodeError) as error:
        decode_calendar(key, encode_calendar(RECORD).value, [(REVISION, revision)])
    assert error.value.reason == "invalid_record"


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"tenant": "studio"}', b"[" * 100_000])
def test_what_is_no_calendar_is_an_invalid_record(value: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_calendar(KEY, value, [(REVISION, b"7")])


def test_the_calendar_on_the_page_and_those_of_the_example_are_right() -> None:
    page = (ROOT / "docs" / "calendars.md").read_text(encoding="utf-8")
    (document, *_) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (read,) = read_documents(document.encode(), is_json=False)
    assert date(2026, 12, 31) in parse_calendar(read.value).dates
    context = read_calendars(ROOT / "examples" / "studio" / "calendars.yaml")
    assert date(2030, 5, 1) in context.calendars["holidays"]
