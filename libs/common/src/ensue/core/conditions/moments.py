"""Instants, zones, days and times of day in conditions. Used by the operators on time.

An instant is a text as RFC 3339 has it, with `T`, `Z` or an offset of up to 14 hours, in the years 1000 to 9998; digits
of a second beyond the sixth are dropped. Anything else (a date alone, a time without a zone, a number) is no instant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ensue.core.conditions.sql_place import INSTANT
from ensue.core.conditions.unknown import UnknownName
from ensue.core.conditions.values import ValueTest
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

INSTANT_EXPECTED: Final = 'an instant with its zone, such as "2026-07-01T12:00:00Z" or "2026-07-01T14:00:00+02:00"'
ZONE_EXPECTED: Final = 'the name of a time zone, such as "Europe/Berlin" or "UTC"'
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_INSTANT = re.compile(INSTANT.replace("$", r"\Z"))
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_MACHINES_OWN = re.compile(r"localtime$|posixrules$|Factory$|posix/|right/")  # files beside the zones, on some machines
_ZONE = re.compile(r"[A-Za-z0-9_+\-]+(?:/[A-Za-z0-9_+\-]+)*")


def instant_of(value: Json) -> datetime | None:
    """The instant that a value denotes; None where it denotes none."""
    if not isinstance(value, str) or _INSTANT.match(value) is None:
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:  # the thirtieth of February
        return None


def on_instant(test: Callable[[datetime], bool]) -> ValueTest:
    """A test of instants that is false for everything else."""

    def of_value(value: Json) -> bool:
        instant = instant_of(value)
        return instant is not None and test(instant)

    return of_value


def as_instant(value: Json) -> Json:
    """Parse a right-hand side that must be an instant."""
    if instant_of(value) is None:
        raise InvalidValue(INSTANT_EXPECTED)
    return value


def zone_of(name: str) -> tzinfo:
    """The time zone of a name that `as_zone` took."""
    return ZoneInfo(name)


def as_zone(value: Json) -> str:
    """Parse the name of a time zone of the IANA data base."""
    if not isinstance(value, str) or not value:
        raise InvalidValue(ZONE_EXPECTED)
    if len(value) <= 100 and _ZONE.fullmatch(value) and not _MACHINES_OWN.match(value):
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise UnknownName("time zone", value, _zones(), ZONE_EXPECTED)


@cache
def _zones() -> frozenset[str]:
    """The names of all zones; to look them up reads folders."""
    return frozenset(name for name in available_timezones() if not _MACHINES_OWN.match(name))


def as_time_of_day(value: Json) -> str:
    """Parse a time of day, hours and minutes."""
    if not isinstance(value, str) or _TIME.fullmatch(value) is None:
        raise InvalidValue('a time of day from "00:00" to "23:59"')
    return value


def time_of_day(text: str) -> time:
    """The time that `as_time_of_day` took."""
    return time.fromisoformat(text)


def as_weekdays(value: Json) -> list[Json]:
    """Parse days of the week, by name or by its first three letters; written out and in order of the week."""
    if not isinstance(value, (list, tuple)) or not value:
        raise InvalidValue('a list of days, such as ["saturday", "sunday"]')
    found = {_weekday(day) for day in value}
    return [day for day in WEEKDAYS if day in found]


def _weekday(value: Json) -> str:
    if isinstance(value, str):
        for day in WEEKDAYS:
            if value.lower() in (day, day[:3]):
                return day
    raise InvalidValue(f"days of the week: {', '.join(WEEKDAYS)}")


def members(value: Json, required: tuple[str, ...], expected: str) -> Mapping[str, Json]:
    """An object with these members and, if it likes, `zone`; refused with `expected` otherwise."""
    if not isinstance(value, Mapping) or not set(required) <= value.keys() or value.keys() - {*required, "zone"}:
        raise InvalidValue(expected)
    return value


def local_date(instant: datetime, zone: tzinfo) -> date:
    """The date that a calendar on the wall shows in a zone."""
    return instant.astimezone(zone).date()
