"""weekday: an instant on one of these days of the week, in a zone (UTC where none is named)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ensue.core.conditions.moments import WEEKDAYS, as_weekdays, as_zone, local_date, members, on_instant, zone_of
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, listed
from ensue.core.json import Json

_EXPECTED: Final = '["saturday", "sunday"], or {"days": [...], "zone": "Europe/Berlin"}'


def _parse(value: Json) -> Json:
    if isinstance(value, (list, tuple)):
        value = {"days": value}
    given = members(value, ("days",), _EXPECTED)
    return {"days": as_weekdays(given["days"]), "zone": as_zone(given.get("zone", "UTC"))}


def _days(value: Json) -> tuple[list[str], str]:
    given: Mapping[str, Json] = value if isinstance(value, Mapping) else {}
    return [str(day) for day in listed(given["days"])], str(given["zone"])


def _test(wanted: Json) -> ValueTest:
    days, name = _days(wanted)
    numbers, zone = {WEEKDAYS.index(day) for day in days}, zone_of(name)
    return on_instant(lambda actual: local_date(actual, zone).weekday() in numbers)


def _sql(place: SqlPlace) -> SqlTest:
    days, zone = _days(place.value)
    numbers = place.bind([WEEKDAYS.index(day) + 1 for day in days], "int[]")
    day = f"extract(isodow FROM {place.instant()} AT TIME ZONE {place.bind(zone, 'text')})"
    return SqlTest(f"coalesce({day} = ANY ({numbers}), false)")


def _english(value: Json) -> str:
    days, zone = _days(value)
    return f"is on a {' or '.join(day.capitalize() for day in days)} ({zone})"


OPERATOR = Operator(name="weekday", parse=_parse, judge=OnValues(_test, _sql), english=_english)
