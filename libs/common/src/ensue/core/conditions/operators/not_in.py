"""not_in: a value that is there and is none of the listed ones."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, SelectionTest, any_element
from ensue.core.conditions.values import as_scalars, one_of
from ensue.core.json import Json


def _compile(wanted: Json) -> SelectionTest:
    listed = one_of(wanted)
    return any_element(lambda actual: not listed(actual))


OPERATOR = Operator("not_in", parse=as_scalars, compile=_compile)
