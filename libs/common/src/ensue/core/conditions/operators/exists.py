"""exists: whether the field is there, be it null."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator
from ensue.core.conditions.values import as_flag

OPERATOR = Operator(
    "exists", parse=as_flag, compile=lambda wanted: lambda selection: bool(selection) is wanted, needs_value=False
)
