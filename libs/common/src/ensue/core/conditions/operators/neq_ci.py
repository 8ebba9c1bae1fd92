"""neq_ci: a value that is there and is not the same text. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_text, folded
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    text = folded(wanted)
    return lambda actual: folded(actual) != text


def _sql(place: SqlPlace) -> SqlTest:
    wanted = place.wanted()
    differs = f"{place.folded()} <> {place.folded_wanted()}"
    return SqlTest(
        f"(CASE WHEN NOT {place.has_type('string', wanted)} THEN false"
        f" WHEN {place.has_type('string')} THEN {differs} ELSE true END)"
    )


OPERATOR = Operator(
    name="neq_ci",
    parse=as_text,
    judge=OnValues(_test, _sql),
    english=lambda value: f"is other than {shown(value)} in any case",
    takes_field=True,
)
