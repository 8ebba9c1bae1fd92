"""not_in_ci: a value that is there and is none of the listed texts. Case is ignored."""

from __future__ import annotations

from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, as_texts, folded_set
from ensue.core.conditions.wording import one_of as worded
from ensue.core.json import Json


def _test(wanted: Json) -> ValueTest:
    texts = folded_set(wanted)
    return lambda actual: not (isinstance(actual, str) and actual.casefold() in texts)


def _sql(place: SqlPlace) -> SqlTest:
    texts = place.bind(sorted(folded_set(place.value)), "text[]")
    return SqlTest(f"(NOT {place.on_text(f'{place.folded()} = ANY ({texts})').text})")


OPERATOR = Operator(
    name="not_in_ci",
    parse=as_texts,
    judge=OnValues(_test, _sql),
    english=lambda value: f"is other than {worded(value)} in any case",
)
