"""exists: whether the field is there, be it null."""

from __future__ import annotations

from ensue.core.conditions.keys import Keys, Present
from ensue.core.conditions.operator import OnSelection, Operator
from ensue.core.conditions.values import as_flag
from ensue.core.json import Json


def _sql(wanted: Json, found: str) -> str:
    return found if wanted else f"(NOT {found})"


def _keys(wanted: Json) -> Keys | None:
    return Present() if wanted else None


OPERATOR = Operator(
    name="exists",
    parse=as_flag,
    judge=OnSelection(lambda wanted: lambda selection: bool(selection) is wanted, _sql),
    english=lambda wanted: "is there" if wanted else "is missing",
    keys=_keys,
    needs_value=False,
)
