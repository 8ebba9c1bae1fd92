"""contains_ci: a text with this text inside it, or an array with this text among its elements. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, SelectionTest, any_value
from ensue.core.conditions.values import as_text, folded
from ensue.core.json import Json


def _compile(wanted: Json) -> SelectionTest:
    text = str(folded(wanted))

    def contains(actual: Json) -> bool:
        if isinstance(actual, (list, tuple)):
            return any(folded(element) == text for element in actual)
        return isinstance(actual, str) and text in actual.casefold()

    return any_value(contains)


OPERATOR = Operator("contains_ci", parse=as_text, compile=_compile)
