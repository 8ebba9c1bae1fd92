"""empty: a text, array or object with nothing in it (`false`: with something in it). Null is not empty."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, SelectionTest, any_value
from ensue.core.conditions.values import as_flag
from ensue.core.json import Json


def _compile(wanted: Json) -> SelectionTest:
    return any_value(lambda actual: isinstance(actual, (str, list, tuple, dict)) and (not actual) is wanted)


OPERATOR = Operator("empty", parse=as_flag, compile=_compile, needs_value=False)
