"""between: from the lower to the upper value, both included."""

from __future__ import annotations

from operator import ge, le

from ensue.core.conditions.operator import Operator, SelectionTest, any_element
from ensue.core.conditions.values import as_range, ordered
from ensue.core.json import Json


def _compile(wanted: Json) -> SelectionTest:
    low, high = wanted if isinstance(wanted, (list, tuple)) else (wanted, wanted)
    from_low, to_high = ordered(low, ge), ordered(high, le)
    return any_element(lambda actual: from_low(actual) and to_high(actual))


OPERATOR = Operator("between", parse=as_range, compile=_compile)
