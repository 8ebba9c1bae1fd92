"""eq: the same value, of the same type (1 and 1.0 are one number)."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, any_like
from ensue.core.conditions.values import as_any, same_as

OPERATOR = Operator("eq", parse=as_any, compile=lambda wanted: any_like(wanted, same_as(wanted)))
