"""ends_with: a text that ends with this text."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, SelectionTest, any_element
from ensue.core.conditions.values import as_text, on_text
from ensue.core.json import Json


def _compile(wanted: Json) -> SelectionTest:
    part = str(wanted)
    return any_element(on_text(lambda actual: actual.endswith(part)))


OPERATOR = Operator("ends_with", parse=as_text, compile=_compile)
