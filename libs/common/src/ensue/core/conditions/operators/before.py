"""before: an instant earlier than this one; the same instant is not."""

from __future__ import annotations

from ensue.core.conditions.moments import as_instant, instant_of, on_instant
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    limit = instant_of(wanted)
    return on_instant(lambda actual: limit is not None and actual < limit)


def _sql(place: SqlPlace) -> SqlTest:
    return SqlTest(f"coalesce({place.instant()} < {place.instant(place.wanted())}, false)")


OPERATOR = Operator(
    name="before",
    parse=as_instant,
    judge=OnValues(_test, _sql),
    english=lambda value: f"is before {shown(value)}",
    takes_field=True,
)
