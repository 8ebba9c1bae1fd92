"""between: from the lower to the upper value, both included."""

from __future__ import annotations

from operator import ge, le

from ensue.core.conditions.keys import Between, Keys
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_range, bound, listed, ordered
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    low, high = listed(wanted)
    from_low, to_high = ordered(low, ge), ordered(high, le)
    return lambda actual: from_low(actual) and to_high(actual)


def _sql(place: SqlPlace) -> SqlTest:
    low, high = f"({place.wanted()} -> 0)", f"({place.wanted()} -> 1)"
    return SqlTest(f"({place.compared('>=', low)} AND {place.compared('<=', high)})")


def _keys(wanted: Json) -> Keys:
    low, high = listed(wanted)
    return Between(bound(low), bound(high), low_included=True, high_included=True)


def _english(value: Json) -> str:
    low, high = listed(value)
    return f"is between {shown(low)} and {shown(high)}"


OPERATOR = Operator(name="between", parse=as_range, judge=OnValues(_test, _sql), english=_english, keys=_keys)
