"""starts_with_ci: a text that begins with this text. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, SelectionTest, any_element
from ensue.core.conditions.values import as_text, folded, on_text
from ensue.core.json import Json


def _compile(wanted: Json) -> SelectionTest:
    part = str(folded(wanted))
    return any_element(on_text(lambda actual: actual.casefold().startswith(part)))


OPERATOR = Operator("starts_with_ci", parse=as_text, compile=_compile)
