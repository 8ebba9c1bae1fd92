"""Conditions as laws, over random conditions and events: every reading of a condition agrees with the reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.condition_strategies import CONDITIONS, COVERED, EVENTS, TAKES_FIELD
from tests.support.condition_table import CALENDARS, CONTEXT, NOW, attributes_of, condition_of, event_of
from tests.support.reference_evaluator import World, verdict

from ensue.core.conditions.english import english
from ensue.core.conditions.explain import explain, nearest_miss
from ensue.core.conditions.explanation import Explanation
from ensue.core.conditions.fields import compile_field
from ensue.core.conditions.match import matches
from ensue.core.conditions.needed import fulfils, needed
from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.sql import where
from ensue.core.conditions.tree import All, Not
from ensue.core.conditions.tree import Any as AnyOne
from ensue.wire.conditions import print_condition

Document = dict[str, Any]


def test_random_conditions_use_every_operator() -> None:
    assert frozenset(OPERATORS) == COVERED
    assert {name for name, operator in OPERATORS.items() if operator.takes_field} == set(TAKES_FIELD)


@pytest.mark.requirement("R3.13")
@given(CONDITIONS, EVENTS)
def test_matcher_explanation_and_keys_agree_with_the_reference(document: Document, words: Document) -> None:
    condition, event = condition_of(document), event_of(words)
    wanted = verdict(document, World(attributes_of(event), NOW.isoformat(), CALENDARS))
    assert matches(condition, event, NOW, CONTEXT) is wanted
    assert explain(condition, event, NOW, CONTEXT).verdict is wanted
    if wanted:
        assert fulfils(needed(condition), lambda path: compile_field(path)(event, NOW))


@pytest.mark.requirement("R3.3")
@given(CONDITIONS, CONDITIONS, EVENTS)
def test_all_any_and_not_nest_as_logic_has_it(left: Document, right: Document, words: Document) -> None:
    one, other, event = condition_of(left), condition_of(right), event_of(words)
    first, second = matches(one, event, NOW, CONTEXT), matches(other, event, NOW, CONTEXT)
    assert matches(Not(one), event, NOW, CONTEXT) is not first
    assert matches(All((one, other)), event, NOW, CONTEXT) is (first and second)
    assert matches(AnyOne((one, other)), event, NOW, CONTEXT) is (first or second)
    none_of_both = All((Not(one), Not(AnyOne((other, one)))))
    assert matches(none_of_both, event, NOW, CONTEXT) is not (first or second)


@given(CONDITIONS)
def test_what_is_written_is_read_back_the_same(document: Document) -> None:
    condition = condition_of(document)
    assert condition_of(print_condition(condition)) == condition


@given(CONDITIONS)
def test_english_never_fails_and_says_something(document: Document) -> None:
    text = english(condition_of(document))
    assert text
    assert "\n" not in text


@given(CONDITIONS)
def test_no_word_of_a_document_becomes_sql(document: Document) -> None:
    marked = where(condition_of(_marked(document)), context=CONTEXT)
    assert "SECRET" not in marked.text
    used = {f"${number + 1}::" for number in range(len(marked.parameters))}
    assert all(parameter in marked.text for parameter in used)


def _marked(document: Document) -> Document:
    """The document with its free texts replaced by one that would stand out."""
    for word in ("all", "any"):
        if word in document:
            return {word: [_marked(member) for member in document[word]]}
    if "not" in document:
        return {"not": _marked(document["not"])}
    if document["op"] in {"eq", "neq", "contains", "starts_with", "eq_ci", "wildcard"} and "value" in document:
        document = {**document, "value": "SECRET'; --"}
    return {**document, "field": "data.SECRET'\""} if document["field"].startswith("data") else document


@given(CONDITIONS, EVENTS, st.booleans())
def test_turning_the_nearest_miss_turns_the_whole(document: Document, words: Document, deny: bool) -> None:  # noqa: FBT001  # drawn
    condition = condition_of({"not": document} if deny else document)
    told = explain(condition, event_of(words), NOW, CONTEXT)
    turned = nearest_miss(told)
    if turned:
        assert _verdict(told, {id(node) for node in turned}) is not told.verdict


@given(CONDITIONS, EVENTS)
def test_tests_that_did_not_decide_could_have_come_out_either_way(document: Document, words: Document) -> None:
    told = explain(condition_of(document), event_of(words), NOW, CONTEXT)
    idle = {id(node) for node in _leaves(told) if not node.decided}
    for node in idle:
        assert _verdict(told, {node}) is told.verdict
    assert _verdict(told, idle) is told.verdict


def _leaves(node: Explanation) -> list[Explanation]:
    if node.kind == "test":
        return [node]
    return [leaf for inner in node.members for leaf in _leaves(inner)]


def _verdict(node: Explanation, turned: set[int]) -> bool:
    """The verdict that a tree of explanations comes to, some of its tests turned."""
    inner = [_verdict(member, turned) for member in node.members]
    match node.kind:
        case "all":
            return all(inner)
        case "any":
            return any(inner)
        case "not":
            return not inner[0]
        case _:
            return node.verdict is not (id(node) in turned)
