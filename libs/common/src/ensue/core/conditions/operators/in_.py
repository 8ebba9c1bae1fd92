"""in: the same as one of the listed values."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, any_element
from ensue.core.conditions.values import as_scalars, one_of

OPERATOR = Operator("in", parse=as_scalars, compile=lambda wanted: any_element(one_of(wanted)))
