"""How large a question about a trigger is, by what must be looked at; nothing else decides whether it is answered."""

from __future__ import annotations

import pytest

from ensue.core.conditions.tree import ALWAYS, All, Any, Cel, Condition, FieldRef, Not, Pattern, Test
from ensue.core.event import Event
from ensue.core.ids import event_uid
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from trigger_api.problems import Problem
from trigger_api.questions.rules import MAX_LOOKS, looks_of, require_bounded

ONE = Test(("data", "a"), "eq", 1)
OTHER = Test(("data", "a"), "eq", FieldRef(("data", "b")))


def event(data: Json) -> Event:
    uid = event_uid("acme", "/s", "1")
    return Event(uid, "acme", "1", "/s", "a.b", Lineage(uid), data=data)


@pytest.mark.parametrize(
    ("condition", "looks"),
    [
        (ALWAYS, 0),
        (ONE, 10),
        (All((ONE, Not(ONE), Any((ONE, ONE)))), 40),
        (OTHER, 100),
        (Cel("true"), 14),
        (Pattern({"data": {"a": [1, 2]}}), 50),
    ],
    ids=["nothing", "test", "tree", "other field", "expression", "pattern"],
)
def test_each_test_looks_at_all_there_is(condition: Condition, looks: int) -> None:
    assert looks_of(condition, 10) == looks


def test_a_question_is_refused_where_all_its_events_are_too_large_together() -> None:
    size = MAX_LOOKS // 20
    require_bounded(ONE, [event([0] * (size - 2))] * 20)
    with pytest.raises(Problem) as refused:
        require_bounded(ONE, [event([0] * size)] * 20)
    assert refused.value.kind.status == 413


def test_a_long_text_and_deep_data_count_as_well() -> None:
    deep: Json = 0
    for _ in range(60):
        deep = {"a": [deep]}
    require_bounded(All((ONE,) * 500), [event(deep), event("x" * 250_000)])
    with pytest.raises(Problem):
        require_bounded(All((ONE,) * 500), [event(["x" * 250_000] * 20)])
    with pytest.raises(Problem):
        require_bounded(OTHER, [event([0] * 1_500)])
