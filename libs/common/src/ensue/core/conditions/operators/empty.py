"""empty: a text, array or object with nothing in it (`false`: with something in it). Null is not empty."""

from __future__ import annotations

from ensue.core.conditions.operator import OnValues, Opens, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_flag
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    return lambda actual: isinstance(actual, (str, list, tuple, dict)) and (not actual) is wanted


def _sql(place: SqlPlace) -> SqlTest:
    nothing = "('\"\"'::jsonb, '[]'::jsonb, '{}'::jsonb)"
    if place.value:
        return SqlTest(f"({place.actual} IN {nothing})")
    sized = f"jsonb_typeof({place.actual}) IN ('string', 'array', 'object')"
    return SqlTest(f"({sized} AND {place.actual} NOT IN {nothing})")


OPERATOR = Operator(
    name="empty",
    parse=as_flag,
    judge=OnValues(_test, _sql, Opens.NOTHING),
    english=lambda wanted: "is empty" if wanted else "is not empty",
    needs_value=False,
)
