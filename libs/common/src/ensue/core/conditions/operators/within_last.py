"""within_last: an instant in the time of this length that ends with the event's arrival, both ends included."""

from __future__ import annotations

from datetime import datetime, timedelta

from ensue.core.conditions.context import Context
from ensue.core.conditions.moments import instant_of
from ensue.core.conditions.operator import OnInstants, Operator, TimedTest
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.wording import shown
from ensue.core.durations import EXPECTED, parse_duration
from ensue.core.errors import InvalidValue
from ensue.core.json import Json


def _duration(value: Json) -> timedelta:
    duration = parse_duration(value)
    if not duration:
        raise InvalidValue(EXPECTED)
    return duration


def _parse(value: Json) -> Json:
    _duration(value)
    return value


def _test(wanted: Json, _: Context) -> TimedTest:
    length = _duration(wanted)

    def recent(actual: Json, now: datetime) -> bool:
        instant = instant_of(actual)
        return instant is not None and timedelta() <= now - instant <= length

    return recent


def _sql(place: SqlPlace) -> SqlTest:
    length = place.bind(_duration(place.value), "interval")
    now = place.now()
    return SqlTest(f"coalesce({place.instant()} BETWEEN {now} - {length} AND {now}, false)")


def _english(value: Json) -> str:
    written = value if isinstance(value, str) else f"{shown(value)} seconds"
    return f"is within the last {written}"


OPERATOR = Operator(name="within_last", parse=_parse, judge=OnInstants(_test, _sql), english=_english)
