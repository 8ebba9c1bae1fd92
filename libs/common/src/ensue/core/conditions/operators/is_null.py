"""is_null: a field that is there and null (`false`: there and not null)."""

from __future__ import annotations

from ensue.core.conditions.operator import Operator, any_value
from ensue.core.conditions.values import as_flag

OPERATOR = Operator(
    "is_null",
    parse=as_flag,
    compile=lambda wanted: any_value(lambda actual: (actual is None) is wanted),
    needs_value=False,
)
