"""gt: greater than, number with number or text with text (by code points)."""

from __future__ import annotations

from operator import gt

from ensue.core.conditions.keys import Between, Keys
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import as_text_or_number, bound, ordered
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _sql(place: SqlPlace) -> SqlTest:
    return SqlTest(place.compared(">"))


def _keys(wanted: Json) -> Keys:
    return Between(low=bound(wanted), high=None, low_included=False, high_included=False)


OPERATOR = Operator(
    name="gt",
    parse=as_text_or_number,
    judge=OnValues(lambda wanted: ordered(wanted, gt), _sql),
    english=lambda value: f"is greater than {shown(value)}",
    keys=_keys,
    takes_field=True,
)
