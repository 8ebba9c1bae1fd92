"""eq: the same value, of the same type (1 and 1.0 are one number)."""

from __future__ import annotations

from ensue.core.conditions.keys import scalar_keys
from ensue.core.conditions.operator import OnValues, Opens, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import as_any, same_as
from ensue.core.conditions.wording import shown


def _sql(place: SqlPlace) -> SqlTest:
    return SqlTest(f"({place.actual} = {place.wanted()})")


OPERATOR = Operator(
    name="eq",
    parse=as_any,
    judge=OnValues(same_as, _sql, Opens.AS_WANTED),
    english=lambda value: f"is {shown(value)}",
    keys=scalar_keys,
    takes_field=True,
)
