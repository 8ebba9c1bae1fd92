"""ends_with: a text that ends with this text."""

from __future__ import annotations

from ensue.core.conditions.keys import Keys, Suffixes
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_text, on_text
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    part = str(wanted)
    return on_text(lambda actual: actual.endswith(part))


def _sql(place: SqlPlace) -> SqlTest:
    return place.text_with_text(lambda actual, wanted: f"right({actual}, length({wanted})) = {wanted}")


def _keys(wanted: Json) -> Keys:
    return Suffixes((str(wanted),))


OPERATOR = Operator(
    name="ends_with",
    parse=as_text,
    judge=OnValues(_test, _sql),
    english=lambda value: f"ends with {shown(value)}",
    keys=_keys,
    takes_field=True,
)
