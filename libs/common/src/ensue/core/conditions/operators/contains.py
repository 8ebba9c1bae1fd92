"""contains: a text with this text inside it, or an array with this value among its elements."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, SelectionTest, any_value
from ensue.core.conditions.values import as_any, same_as
from ensue.core.json import Json


def _compile(wanted: Json) -> SelectionTest:
    is_wanted = same_as(wanted)

    def contains(actual: Json) -> bool:
        if isinstance(actual, (list, tuple)):
            return any(is_wanted(element) for element in actual)
        return isinstance(actual, str) and isinstance(wanted, str) and wanted in actual

    return any_value(contains)


OPERATOR = Operator("contains", parse=as_any, compile=_compile)
