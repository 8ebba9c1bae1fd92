"""A trigger in words: its condition reads as its tree, the whole as one sentence, and neither ever fails."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from tests.support.conditions import conditions

from ensue.core.conditions.english import english
from ensue.core.conditions.tree import Condition
from ensue.wire.conditions import print_condition
from trigger_api.triggers.sentences import MOST_CLAUSE, Sentences, sentences_of

LOG: dict[str, Any] = {"kind": "log", "message": "done"}
EMIT: dict[str, Any] = {"kind": "emit_event", "type": "scenes.requested"}
SCORE: dict[str, Any] = {"field": "data.score", "op": "gte", "value": 0.8}
RUSH: dict[str, Any] = {"field": "data.tags", "op": "contains", "value": "rush"}


def document(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    least = {"name": "t", "when": {"event": {"types": ["variant.approved"]}}, "then": {"actions": [LOG]}}
    return {**least, **changes}


def then(*actions: dict[str, Any], mode: str = "sequential") -> dict[str, Any]:
    return {"mode": mode, "actions": list(actions)}


@pytest.mark.requirement("R3.14")
@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ({}, 'When variant.approved arrives, Ensue logs "done".'),
        (
            {"where": {"all": [SCORE, {"not": RUSH}]}, "then": then(EMIT, LOG), "delay": "90m"},
            'When variant.approved arrives and score is at least 0.8 and not (tags contains "rush"), '
            'Ensue waits 1 hour 30 minutes, then emits scenes.requested, then logs "done".',
        ),
        (
            {
                "when": {"event": {"types": ["a.b", "a.c", "a.d"], "entity_type": "a"}},
                "where": {"any": [SCORE, RUSH]},
                "then": then(LOG, EMIT, LOG, mode="parallel"),
            },
            'When a.b, a.c or a.d (entity type a) arrives and (score is at least 0.8 or tags contains "rush"), '
            'Ensue logs "done", emits scenes.requested and logs "done" at the same time.',
        ),
        (
            {"when": {"event": {"types": [f"a.{n}" for n in range(7)]}}, "then": then(*[LOG] * 7), "delay": 0.5},
            "When a.0, a.1, a.2, a.3, a.4 or 2 more types arrives, Ensue waits 0.5 seconds, then "
            + 'logs "done", then ' * 5
            + "runs 2 more actions.",
        ),
        ({"then": then({"kind": "teleport", "to": "Mars"})}, "When variant.approved arrives, Ensue runs teleport."),
        ({"then": then({"kind": "emit_event"})}, "When variant.approved arrives, Ensue runs emit_event."),
    ],
    ids=["least", "all", "any", "many", "unknown kind", "other parameters"],
)
def test_a_trigger_reads_as_a_sentence(changes: dict[str, Any], whole: str) -> None:
    assert sentences_of(document(**changes)).whole == whole


def test_what_is_long_is_cut_in_the_whole_and_whole_in_the_condition() -> None:
    where = {"all": [{"field": f"data.field_{number}", "op": "eq", "value": number} for number in range(100)]}
    message = "line\n" * 150
    said = sentences_of(document(where=where, then=then({"kind": "log", "message": message})))
    assert said.condition is not None
    assert said.whole is not None
    assert said.condition.endswith("field_99 is 99")
    assert "and its condition holds, Ensue logs" in said.whole
    assert len(said.whole) < MOST_CLAUSE + 100
    assert "\n" not in said.whole


def test_a_calendar_is_named_whether_it_is_there_or_not() -> None:
    where = {"field": "now", "op": "calendar", "value": "freeze"}
    assert sentences_of(document(where=where)).condition == (
        "the time of arrival is on a day of the calendar freeze (UTC)"
    )


def test_a_document_that_cannot_be_read_has_no_sentences() -> None:
    assert sentences_of({"name": "t"}) == Sentences()


@given(condition=conditions())
def test_the_sentence_of_a_condition_is_its_english(condition: Condition) -> None:
    said = sentences_of(document(where=print_condition(condition)))
    assert said.condition == english(condition)
