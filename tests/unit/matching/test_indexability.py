"""Whether the index leads to a condition is the index's own word, and what is said to help does help."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.support.conditions import conditions

from ensue.core.conditions.tree import ALWAYS, All, Any, Cel, Condition, Not, Pattern, Test
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


def test_a_pattern_is_looked_up_where_a_field_of_it_names_what_is_there() -> None:
    inside: Json = {"address": [{"cidr": "10.0.0.0/8"}]}
    tagged: Json = {"tags": ["rush", {"prefix": "vip-"}], "state": [{"anything-but": "draft"}]}
    assert why_not_indexed(Pattern({"data": inside})) == "the pattern names no values that can be looked up"
    assert why_not_indexed(Pattern({"data": inside, "subject": ["a"]})) is None
    assert why_not_indexed(Pattern({"detail": tagged})) is None
    assert why_not_indexed(Pattern({"detail": {"$or": [inside, tagged]}})) is not None
    assert why_not_indexed(Not(Pattern({"detail": tagged}))) is not None


def test_an_expression_says_nothing_to_an_index() -> None:
    assert why_not_indexed(Cel("event.data.x")) == "an expression says nothing to an index"


@given(condition=conditions())
def test_the_answer_is_what_the_engine_counts(condition: Condition) -> None:
    counted = Engine.of([Rule(1, alternatives_of(condition), lambda _: True)]).unindexed
    assert (why_not_indexed(condition) is not None) == (counted > 0 and condition != ALWAYS)
