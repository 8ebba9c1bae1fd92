"""not_in: a value that is there and is none of the listed ones."""

from __future__ import annotations

from ensue.core.conditions.keys import Keys, NotEquals
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_scalars, one_of, scalars
from ensue.core.conditions.wording import one_of as worded
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    listed = one_of(wanted)
    return lambda actual: not listed(actual)


def _sql(place: SqlPlace) -> SqlTest:
    return SqlTest(f"({place.actual} NOT IN (SELECT jsonb_array_elements({place.wanted()})))")


def _keys(wanted: Json) -> Keys:
    return NotEquals(scalars(wanted))


OPERATOR = Operator(
    name="not_in",
    parse=as_scalars,
    judge=OnValues(_test, _sql),
    english=lambda value: f"is other than {worded(value)}",
    keys=_keys,
)
