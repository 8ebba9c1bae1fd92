"""contains_ci: a text with this text inside it, or an array with this text among its elements. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.operator import OnValues, Opens, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_text, folded
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    text = str(folded(wanted))

    def contains(actual: Json) -> bool:
        if isinstance(actual, (list, tuple)):
            return any(isinstance(element, str) and element.casefold() == text for element in actual)
        return isinstance(actual, str) and text in actual.casefold()

    return contains


def _sql(place: SqlPlace) -> SqlTest:
    wanted = place.wanted()
    text = place.folded_wanted()
    same = f"{place.has_type('string', 'element.v')} AND {place.folded('element.v')} = {text}"
    among = f"EXISTS (SELECT FROM jsonb_array_elements({place.actual}) AS element(v) WHERE {same})"
    inside = f"strpos({place.folded()}, {text}) > 0"
    return SqlTest(
        f"(CASE WHEN NOT {place.has_type('string', wanted)} THEN false WHEN {place.has_type('array')} THEN {among}"
        f" WHEN {place.has_type('string')} THEN {inside} ELSE false END)"
    )


OPERATOR = Operator(
    name="contains_ci",
    parse=as_text,
    judge=OnValues(_test, _sql, Opens.NOTHING),
    english=lambda value: f"contains {shown(value)} in any case",
    takes_field=True,
)
