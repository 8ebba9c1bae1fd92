"""Whether the index leads to a condition is the index's own word, and what is said to help does help."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.support.conditions import conditions

from ensue.core.conditions.tree import ALWAYS, All, Any, Cel, Condition, Not, Test
from ensue.core.json import Json
from ensue.matching.engine import Engine
from ensue.matching.indexability import LOOKED_UP, why_not_indexed
from ensue.matching.needed import alternatives_of
from ensue.matching.rules import Rule

STATUS = ("data", "status")
VALUES: dict[str, Json] = {"in": ["a", "b"], "between": [1, 2], "wildcard": "a*b"}


@pytest.mark.parametrize("operator", LOOKED_UP)
def test_what_is_said_to_help_does(operator: str) -> None:
    helpful = Test(STATUS, operator, VALUES.get(operator, "x"))
    costly = Not(Test(("data", "n"), "eq", 1))
    assert why_not_indexed(helpful) is None
    assert why_not_indexed(costly) == "it denies something, and an index finds what is there"
    assert why_not_indexed(All((costly, helpful))) is None
    assert why_not_indexed(Any((costly, helpful))) is not None


def test_a_trigger_without_a_condition_is_not_counted() -> None:
    assert why_not_indexed(ALWAYS) is None
    assert why_not_indexed(All((ALWAYS,))) is not None


def test_an_expression_says_nothing_to_an_index() -> None:
    assert why_not_indexed(Cel("event.data.x")) == "an expression says nothing to an index"


@given(condition=conditions())
def test_the_answer_is_what_the_engine_counts(condition: Condition) -> None:
    counted = Engine.of([Rule(1, alternatives_of(condition), lambda _: True)]).unindexed
    assert (why_not_indexed(condition) is not None) == (counted > 0 and condition != ALWAYS)
