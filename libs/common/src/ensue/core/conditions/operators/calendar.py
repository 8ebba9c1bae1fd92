"""calendar: an instant on a date of a named calendar, in a zone (UTC where none is named).

Calendars are not part of a document: they come with the context. A name that the context lacks is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from ensue.core.conditions.context import Context
from ensue.core.conditions.moments import as_zone, instant_of, local_date, members, zone_of
from ensue.core.conditions.operator import OnInstants, Operator, TimedTest
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

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


def _dates(name: str, context: Context) -> frozenset[date]:
    dates = context.calendars.get(name)
    if dates is None:
        known = ", ".join(sorted(context.calendars)) or "none, for no calendar is known here"
        raise InvalidValue(f"the name of a known calendar: {known}")
    return dates


def _check(value: Json, context: Context) -> None:
    _dates(_named(value)[0], context)


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


OPERATOR = Operator(name="calendar", parse=_parse, judge=OnInstants(_test, _sql), english=_english, check=_check)
