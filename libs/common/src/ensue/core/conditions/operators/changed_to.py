"""changed_to: the value after is this one, and the value before is not (or is missing)."""

from __future__ import annotations

from collections.abc import Callable

from ensue.core.conditions.keys import scalar_keys
from ensue.core.conditions.operator import OnImages, Operator, Selection, one_like
from ensue.core.conditions.sql_place import SqlImages, SqlPlace, SqlTest
from ensue.core.conditions.values import as_any, same_as
from ensue.core.conditions.wording import shown
from ensue.core.json import Json


def _test(wanted: Json) -> Callable[[Selection, Selection], bool]:
    holds = one_like(wanted, same_as(wanted))
    return lambda before, after: holds(after) and not holds(before)


def _sql(place: SqlPlace, images: SqlImages) -> SqlTest:
    wanted = place.wanted()
    return SqlTest(f"({images.some_after(wanted)} AND NOT {images.some_before(wanted)})")


OPERATOR = Operator(
    name="changed_to",
    parse=as_any,
    judge=OnImages(_test, _sql, keyed="after"),
    english=lambda value: f"changes to {shown(value)}",
    keys=scalar_keys,
)
