"""in: the same as one of the listed values."""

from __future__ import annotations

from ensue.core.conditions.keys import Equals, Keys
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import as_scalars, one_of, scalars
from ensue.core.conditions.wording import one_of as worded
from ensue.core.json import Json


def _sql(place: SqlPlace) -> SqlTest:
    return SqlTest(f"({place.actual} IN (SELECT jsonb_array_elements({place.wanted()})))")


def _keys(wanted: Json) -> Keys:
    return Equals(scalars(wanted))


OPERATOR = Operator(
    name="in",
    parse=as_scalars,
    judge=OnValues(one_of, _sql),
    english=lambda value: f"is {worded(value)}",
    keys=_keys,
)
