"""neq_ci: a value that is there and is not the same text. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, SelectionTest, any_element
from ensue.core.conditions.values import as_text, folded
from ensue.core.json import Json


def _compile(wanted: Json) -> SelectionTest:
    text = folded(wanted)
    return any_element(lambda actual: folded(actual) != text)


OPERATOR = Operator("neq_ci", parse=as_text, compile=_compile)
