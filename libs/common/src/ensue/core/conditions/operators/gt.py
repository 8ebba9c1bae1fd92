"""gt: greater than, number with number or text with text (by code points)."""

from __future__ import annotations

from operator import gt

from ensue.core.conditions.operator import Operator, any_element
from ensue.core.conditions.values import as_text_or_number, ordered

OPERATOR = Operator("gt", parse=as_text_or_number, compile=lambda wanted: any_element(ordered(wanted, gt)))
