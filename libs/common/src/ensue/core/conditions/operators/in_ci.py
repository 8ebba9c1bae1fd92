"""in_ci: one of the listed texts. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.keys import FoldedEquals, Keys
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_texts, folded_set, on_text
from ensue.core.conditions.wording import one_of as worded
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    texts = folded_set(wanted)
    return on_text(lambda actual: actual.casefold() in texts)


def _sql(place: SqlPlace) -> SqlTest:
    texts = place.bind(sorted(folded_set(place.value)), "text[]")
    return place.on_text(f"{place.folded()} = ANY ({texts})")


def _keys(wanted: Json) -> Keys:
    return FoldedEquals(tuple(sorted(folded_set(wanted))))


OPERATOR = Operator(
    name="in_ci",
    parse=as_texts,
    judge=OnValues(_test, _sql),
    english=lambda value: f"is {worded(value)} in any case",
    keys=_keys,
)
