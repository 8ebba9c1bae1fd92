"""starts_with_ci: a text that begins with this text. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest, folded_sql
from ensue.core.conditions.values import ValueTest, as_text, folded, on_text
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    part = str(folded(wanted))
    return on_text(lambda actual: actual.casefold().startswith(part))


def _begins(actual: str, wanted: str) -> str:
    whole, part = folded_sql(actual), folded_sql(wanted)
    return f"starts_with({whole}, {part})"


def _sql(place: SqlPlace) -> SqlTest:
    return place.text_with_text(_begins)


OPERATOR = Operator(
    name="starts_with_ci",
    parse=as_text,
    judge=OnValues(_test, _sql),
    english=lambda value: f"begins with {shown(value)} in any case",
    takes_field=True,
)
