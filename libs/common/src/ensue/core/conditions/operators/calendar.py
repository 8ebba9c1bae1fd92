"""calendar: an instant on a date of a named calendar, in a zone (UTC where none is named).

Calendars are not part of a document: they come with the context. A name that the context lacks is refused when a
document is checked, and raises when a condition is compiled: it is never taken for an empty calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from ensue.core.conditions.context import Context
from ensue.core.conditions.moments import as_zone, instant_of, local_date, members, zone_of
from ensue.core.conditions.operator import OnInstants, Operator, TimedTest
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.unknown import UnknownName
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

_SHOWN: Final = 20
_EXPECTED: Final = '"holidays", or {"name": "holidays", "zone": "Europe/Berlin"}'


def _parse(value: Json) -> Json:
    if isinstance(value, str):
        value = {"name": value}
    given = members(value, ("name",), _EXPECTED)
    name = given["name"]
    if not isinstance(name, str) or not name:
        raise InvalidValue(_EXPECTED)
    return {"name": name, "zone": as_zone(given.get("zone", "UTC"))}


def _named(value: Json) -> tuple[str, str]:
    given: Mapping[str, Json] = value if isinstance(value, Mapping) else {}
    return str(given["name"]), str(given["zone"])


def _check(value: Json, context: Context) -> None:
    name, _ = _named(value)
    if name not in context.calendars:
        raise UnknownName("calendar", name, context.calendars.keys(), _choice(context.calendars))


def _choice(known: Iterable[str]) -> str:
    """The names that would be right."""
    names = sorted(known)
    if not names:
        return "the name of a known calendar, but none is known here"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"the name of a known calendar: {', '.join(names[:_SHOWN])}{more}"


def _dates(name: str, context: Context) -> frozenset[date]:
    dates = context.calendars.get(name)
    if dates is None:
        raise InvalidValue(f"there is no calendar {name}")
    return dates


def _test(wanted: Json, context: Context) -> TimedTest:
    name, zone_name = _named(wanted)
    dates, zone = _dates(name, context), zone_of(zone_name)

    def listed(actual: Json, _: datetime) -> bool:
        instant = instant_of(actual)
        return instant is not None and local_date(instant, zone) in dates

    return listed


def _sql(place: SqlPlace) -> SqlTest:
    name, zone = _named(place.value)
    dates = place.bind(sorted(_dates(name, place.context)), "date[]")
    day = f"({place.instant()} AT TIME ZONE {place.bind(zone, 'text')})::date"
    return SqlTest(f"coalesce({day} = ANY ({dates}), false)")


def _english(value: Json) -> str:
    name, zone = _named(value)
    return f"is on a day of the calendar {name} ({zone})"


def _calendars(value: Json) -> frozenset[str]:
    return frozenset({_named(value)[0]})


OPERATOR = Operator(
    name="calendar",
    parse=_parse,
    judge=OnInstants(_test, _sql),
    english=_english,
    check=_check,
    calendars=_calendars,
)
