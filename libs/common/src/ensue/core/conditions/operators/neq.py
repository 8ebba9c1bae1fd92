"""neq: a value that is there and differs. A missing field is no value: `not` of `eq` includes it, `neq` does not."""

from __future__ import annotations

from ensue.core.conditions.keys import Keys, NotEquals, Present
from ensue.core.conditions.operator import OnValues, Opens, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_any, same_as
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    equal = same_as(wanted)
    return lambda actual: not equal(actual)


def _sql(place: SqlPlace) -> SqlTest:
    return SqlTest(f"({place.actual} <> {place.wanted()})")


def _keys(wanted: Json) -> Keys:
    if wanted is None or isinstance(wanted, (bool, int, float, str)):
        return NotEquals((wanted,))
    return Present()


OPERATOR = Operator(
    name="neq",
    parse=as_any,
    judge=OnValues(_test, _sql, Opens.AS_WANTED),
    english=lambda value: f"is other than {shown(value)}",
    keys=_keys,
    takes_field=True,
)
