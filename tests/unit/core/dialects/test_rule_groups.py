"""RuleGroups: what react-querybuilder writes is read, what we write is read back, what has no counterpart is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from tests.support.conditions import NOW, conditions, events

from ensue.core.conditions.dialects.faults import DialectInvalid
from ensue.core.conditions.dialects.rule_group import simplified
from ensue.core.conditions.dialects.rule_group_printer import to_rule_group
from ensue.core.conditions.dialects.rule_group_reader import from_rule_group
from ensue.core.conditions.match import matches
from ensue.core.conditions.tree import All, Any, Cel, Condition, FieldRef, Not, Pattern, Quantifier, Test
from ensue.core.event import Event
from ensue.core.json import Json

SCORE = Test(("data", "score"), "gte", 0.8)
RUSH = Test(("data", "tags"), "contains", "rush")


def rule(field: str, operator: str, value: Json, **more: Json) -> dict[str, Json]:
    return {"field": field, "operator": operator, "value": value, **more}


@pytest.mark.parametrize(
    ("written", "means"),
    [
        (rule("data.score", ">=", 0.8), SCORE),
        (rule("data.name", "doesNotBeginWith", "test-"), Not(Test(("data", "name"), "starts_with", "test-"))),
        (rule("data.name", "notBetween", [1, 5]), Not(Test(("data", "name"), "between", [1, 5]))),
        (rule("data.name", "null", None), Test(("data", "name"), "is_null", value=True)),
        (rule("data.name", "notNull", None), Test(("data", "name"), "is_null", value=False)),
        (rule("data.name", "in", "a, b"), Test(("data", "name"), "in", ["a", "b"])),
        (rule("data.a", ">", "data.b", valueSource="field"), Test(("data", "a"), "gt", FieldRef(("data", "b")))),
        (rule("data.a", "exists", None, id="r1"), Test(("data", "a"), "exists", value=True)),
        (
            rule("data.items", "=", {"combinator": "and", "rules": [rule("kind", "=", "x")]}, match={"mode": "all"}),
            Test(("data", "items", "kind"), "eq", "x", Quantifier.EVERY),
        ),
        (rule("event", "cel", "event.data.a > 1"), Cel("event.data.a > 1")),
        (rule("event", "pattern", {"source": ["a"]}), Pattern({"source": ["a"]})),
    ],
    ids=str,
)
def test_rules_become_tests(written: Json, means: Condition) -> None:
    group: Json = {"combinator": "and", "rules": [written, rule("data.tags", "contains", "rush")]}
    assert from_rule_group(group) == All((means, RUSH))


def test_groups_become_branches() -> None:
    group: Json = {
        "id": "root",
        "combinator": "and",
        "rules": [
            rule("data.score", ">=", 0.8),
            {
                "combinator": "or",
                "not": True,
                "rules": [rule("data.tags", "contains", "rush"), rule("subject", "=", "x")],
            },
        ],
    }
    assert from_rule_group(group) == All((SCORE, Not(Any((RUSH, Test(("subject",), "eq", "x"))))))


def test_every_fault_is_named_with_its_place() -> None:
    group: Json = {
        "combinator": "xor",
        "rules": [
            rule("score", ">=", 0.8),
            rule("data.score", "atLeast", 0.8),
            rule("data.score", "begnsWith", "a"),
            rule("data.score", "between", [5, 1]),
            rule("data.score", "in", "data.b", valueSource="field"),
            rule("data.score", "=", 1, muted=True),
            rule("data.l", "=", {"combinator": "and", "rules": []}, match={"mode": "all"}),
            rule("data.l", "=", {"combinator": "and", "rules": []}, match={"mode": "atLeast", "threshold": 2}),
            {"combinator": "or", "rules": []},
            {"rules": [rule("data.a", "=", 1), "and", rule("data.b", "=", 1)]},
            rule("event", "cel", "'text'"),
            rule("event", "pattern", {"source": "a"}),
            5,
        ],
    }
    with pytest.raises(DialectInvalid) as caught:
        from_rule_group(group)
    assert [fault.pointer for fault in caught.value.faults] == [
        "/rules/0/field",
        "/rules/1/operator",
        "/rules/2/operator",
        "/rules/3/value",
        "/rules/4/value",
        "/rules/5/muted",
        "/rules/6/value",
        "/rules/7/match",
        "/rules/8/rules",
        "/rules/9/rules",
        "/rules/10/value",
        "/rules/11/value/source",
        "/rules/12",
        "/combinator",
    ]
    assert 'did you mean "beginsWith"?' in caught.value.faults[2].message


def test_an_empty_any_cannot_be_written_because_an_empty_group_is_true_there() -> None:
    with pytest.raises(DialectInvalid) as caught:
        to_rule_group(All((SCORE, Not(Any(())))))
    assert [fault.pointer for fault in caught.value.faults] == ["/all/1/not"]


@given(condition=conditions())
def test_what_is_written_is_read_back(condition: Condition) -> None:
    written = json.loads(json.dumps(to_rule_group(condition)))
    assert from_rule_group(written) == simplified(condition)


@given(condition=conditions(), event=events())
def test_a_condition_that_was_written_and_read_means_the_same(condition: Condition, event: Event) -> None:
    assert matches(from_rule_group(to_rule_group(condition)), event, NOW) == matches(condition, event, NOW)


@given(condition=conditions())
def test_a_group_that_was_read_is_written_as_it_was(condition: Condition) -> None:
    written = to_rule_group(condition)
    assert to_rule_group(from_rule_group(written)) == written
