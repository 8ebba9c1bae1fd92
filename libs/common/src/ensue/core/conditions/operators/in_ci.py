"""in_ci: one of the listed texts. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, SelectionTest, any_element
from ensue.core.conditions.values import as_texts, folded_set
from ensue.core.json import Json


def _compile(wanted: Json) -> SelectionTest:
    texts = folded_set(wanted)
    return any_element(lambda actual: isinstance(actual, str) and actual.casefold() in texts)


OPERATOR = Operator("in_ci", parse=as_texts, compile=_compile)
