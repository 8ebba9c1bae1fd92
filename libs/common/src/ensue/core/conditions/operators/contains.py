"""contains: a text with this text inside it, or an array with this value among its elements."""

from __future__ import annotations

from ensue.core.conditions.keys import Keys, Substrings, scalar_keys
from ensue.core.conditions.operator import OnValues, Opens, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_any, same_as
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    is_wanted = same_as(wanted)

    def contains(actual: Json) -> bool:
        if isinstance(actual, (list, tuple)):
            return any(is_wanted(element) for element in actual)
        return isinstance(actual, str) and isinstance(wanted, str) and wanted in actual

    return contains


def _sql(place: SqlPlace) -> SqlTest:
    wanted = place.wanted()
    among = f"EXISTS (SELECT FROM jsonb_array_elements({place.actual}) AS element(v) WHERE element.v = {wanted})"
    inside = f"strpos({place.text()}, {place.text(wanted)}) > 0"
    return SqlTest(
        f"(CASE WHEN {place.has_type('array')} THEN {among}"
        f" WHEN {place.has_type('string')} AND {place.has_type('string', wanted)} THEN {inside} ELSE false END)"
    )


def _keys(wanted: Json) -> Keys:
    return Substrings((wanted,)) if isinstance(wanted, str) else scalar_keys(wanted)


OPERATOR = Operator(
    name="contains",
    parse=as_any,
    judge=OnValues(_test, _sql, Opens.NOTHING),
    english=lambda value: f"contains {shown(value)}",
    keys=_keys,
    takes_field=True,
)
