"""eq_ci: the same text. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.keys import FoldedEquals, Keys
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_text, folded, on_text
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    text = folded(wanted)
    return on_text(lambda actual: actual.casefold() == text)


def _sql(place: SqlPlace) -> SqlTest:
    return place.folded_with_folded(lambda actual, wanted: f"{actual} = {wanted}")


def _keys(wanted: Json) -> Keys:
    return FoldedEquals((str(folded(wanted)),))


OPERATOR = Operator(
    name="eq_ci",
    parse=as_text,
    judge=OnValues(_test, _sql),
    english=lambda value: f"is {shown(value)} in any case",
    keys=_keys,
    takes_field=True,
)
