"""starts_with_ci: a text that begins with this text. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_text, folded, on_text
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    part = str(folded(wanted))
    return on_text(lambda actual: actual.casefold().startswith(part))


def _sql(place: SqlPlace) -> SqlTest:
    return place.folded_with_folded(lambda whole, part: f"starts_with({whole}, {part})")


OPERATOR = Operator(
    name="starts_with_ci",
    parse=as_text,
    judge=OnValues(_test, _sql),
    english=lambda value: f"begins with {shown(value)} in any case",
    takes_field=True,
)
