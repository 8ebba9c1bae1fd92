"""neq: a value that is there and differs. A missing field is no value: `not` of `eq` includes it, `neq` does not."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, SelectionTest, any_like
from ensue.core.conditions.values import as_any, same_as
from ensue.core.json import Json


def _compile(wanted: Json) -> SelectionTest:
    equal = same_as(wanted)
    return any_like(wanted, lambda actual: not equal(actual))


OPERATOR = Operator("neq", parse=as_any, compile=_compile)
