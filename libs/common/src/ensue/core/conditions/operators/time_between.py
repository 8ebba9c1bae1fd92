"""time_between: an instant from one time of day until before another, in a zone (UTC where none is named).

From a later to an earlier time it goes over midnight.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ensue.core.conditions.moments import as_time_of_day, as_zone, members, on_instant, time_of_day, zone_of
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

_EXPECTED: Final = '["09:00", "17:30"], or {"from": "09:00", "until": "17:30", "zone": "Europe/Berlin"}'


def _parse(value: Json) -> Json:
    if isinstance(value, (list, tuple)) and len(value) == 2:
        value = {"from": value[0], "until": value[1]}
    given = members(value, ("from", "until"), _EXPECTED)
    first, last = as_time_of_day(given["from"]), as_time_of_day(given["until"])
    if first == last:
        raise InvalidValue("two different times of day")
    return {"from": first, "until": last, "zone": as_zone(given.get("zone", "UTC"))}


def _times(value: Json) -> tuple[str, str, str]:
    given: Mapping[str, Json] = value if isinstance(value, Mapping) else {}
    return str(given["from"]), str(given["until"]), str(given["zone"])


def _test(wanted: Json) -> ValueTest:
    from_text, until_text, name = _times(wanted)
    first, last, zone = time_of_day(from_text), time_of_day(until_text), zone_of(name)

    def within(actual: datetime) -> bool:
        local = actual.astimezone(zone).time()
        return first <= local < last if first < last else local >= first or local < last

    return on_instant(within)


def _sql(place: SqlPlace) -> SqlTest:
    first, last, zone = _times(place.value)
    local = f"({place.instant()} AT TIME ZONE {place.bind(zone, 'text')})::time"
    both = "AND" if first < last else "OR"
    after = f"{local} >= {place.bind(first, 'text')}::time"
    return SqlTest(f"coalesce({after} {both} {local} < {place.bind(last, 'text')}::time, false)")


def _english(value: Json) -> str:
    first, last, zone = _times(value)
    return f"is from {first} until {last} ({zone})"


OPERATOR = Operator(name="time_between", parse=_parse, judge=OnValues(_test, _sql), english=_english)
