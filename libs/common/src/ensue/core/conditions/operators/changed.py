"""changed: the values before and after differ (`false`: they do not). A field that comes or goes has changed."""

from __future__ import annotations

from ensue.core.conditions.operator import OnImages, Operator, Selection
from ensue.core.conditions.sql_place import SqlImages, SqlPlace, SqlTest
from ensue.core.conditions.values import as_flag, same


def _differ(before: Selection, after: Selection) -> bool:
    return len(before) != len(after) or not all(map(same, before, after))


def _sql(place: SqlPlace, images: SqlImages) -> SqlTest:
    sign = "IS DISTINCT FROM" if place.value else "IS NOT DISTINCT FROM"
    return SqlTest(f"({images.all_before()} {sign} {images.all_after()})")


OPERATOR = Operator(
    name="changed",
    parse=as_flag,
    judge=OnImages(lambda wanted: lambda before, after: _differ(before, after) is wanted, _sql),
    english=lambda wanted: "changes" if wanted else "stays as it is",
    needs_value=False,
)
