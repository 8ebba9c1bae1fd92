"""is_null: a field that is there and null (`false`: there and not null)."""

from __future__ import annotations

from ensue.core.conditions.keys import Equals, Keys, Present
from ensue.core.conditions.operator import OnValues, Opens, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_flag
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    return lambda actual: (actual is None) is wanted


def _sql(place: SqlPlace) -> SqlTest:
    return SqlTest(place.has_type("null") if place.value else f"(NOT {place.has_type('null')})")


def _keys(wanted: Json) -> Keys:
    return Equals((None,)) if wanted else Present()


OPERATOR = Operator(
    name="is_null",
    parse=as_flag,
    judge=OnValues(_test, _sql, Opens.NOTHING),
    english=lambda wanted: "is null" if wanted else "is there and not null",
    keys=_keys,
    needs_value=False,
)
