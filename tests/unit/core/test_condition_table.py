"""The language-neutral table of conditions, run through everything that reads conditions without a server."""

from __future__ import annotations

from collections import defaultdict

import pytest
from tests.support.condition_table import (
    CALENDARS,
    CASES,
    CONTEXT,
    NOW,
    Case,
    attributes_of,
    condition_of,
    event_of,
    leaves_of,
)
from tests.support.reference_evaluator import World, verdict

from ensue.core.conditions.english import english, field_name
from ensue.core.conditions.explain import explain, nearest_miss
from ensue.core.conditions.fields import compile_field
from ensue.core.conditions.match import matches
from ensue.core.conditions.needed import fulfils, needed
from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.tree import FieldRef
from ensue.wire.conditions import print_condition

FAMILIES = sorted({case.id.partition(".")[0] for case in CASES})
DISTINCT = list({repr(case.condition): case.condition for case in CASES}.values())
KINDS = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "text", list: "array"}
KINDS[dict] = "object"


@pytest.mark.requirement("R3.4", "R3.8", "R3.13")
@pytest.mark.parametrize("family", FAMILIES)
def test_matcher_reference_explanation_and_keys_give_the_verdict_of_the_table(family: str) -> None:
    cases = [case for case in CASES if case.id.partition(".")[0] == family]
    wrong = {case.id: (_dissenters(case), case.why) for case in cases if _dissenters(case)}
    assert wrong == {}


def _dissenters(case: Case) -> list[str]:
    """Who says otherwise than the table."""
    condition, event = condition_of(case.condition), event_of(case.event)
    world = World(attributes_of(event), NOW.isoformat(), CALENDARS)
    said = {
        "matcher": matches(condition, event, NOW, CONTEXT),
        "reference": verdict(case.condition, world),
        "explanation": explain(condition, event, NOW, CONTEXT).verdict,
    }
    if case.verdict:
        said["keys"] = fulfils(needed(condition), lambda path: compile_field(path)(event, NOW))
    return [name for name, holds in said.items() if holds is not case.verdict]


def test_every_condition_of_the_table_is_written_back_as_it_is_read() -> None:
    for document in DISTINCT:
        condition = condition_of(document)
        assert condition_of(print_condition(condition)) == condition


def test_every_condition_of_the_table_has_a_sentence_in_which_its_fields_stand() -> None:
    for document in DISTINCT:
        condition = condition_of(document)
        fields = [field_name(FieldRef(test.path, test.length)) for test in leaves_of(condition)]
        assert all(name in english(condition) for name in fields)


def test_every_operator_meets_every_type_of_value_and_gives_both_verdicts() -> None:
    verdicts: dict[str, set[bool]] = defaultdict(set)
    kinds: dict[str, set[str]] = defaultdict(set)
    for case in CASES:
        name = case.condition.get("op", "")
        verdicts[name].add(case.verdict)
        data = case.event.get("data")
        if isinstance(data, dict):
            images = data.get("before"), data.get("after")
            kinds[name] |= {_kind(place) for place in (data, *images) if isinstance(place, dict)}
    wanted = {*KINDS.values(), "missing"}
    assert [name for name in OPERATORS if verdicts[name] != {True, False}] == []
    assert {name: wanted - kinds[name] for name in OPERATORS if wanted - kinds[name]} == {}


def _kind(place: dict[str, object]) -> str:
    for name in ("v", "s"):
        if name in place:
            return KINDS[type(place[name])]
    return "missing"


def test_every_case_says_why() -> None:
    assert all(case.why for case in CASES)
    assert len(CASES) >= 600


def test_a_miss_names_the_tests_that_missed() -> None:
    for case in CASES:
        if case.verdict or case.condition in ({"any": []}, {"not": {"all": []}}):
            continue
        missed = nearest_miss(explain(condition_of(case.condition), event_of(case.event), NOW, CONTEXT))
        assert missed, case.id
        assert all(test.decided for test in missed), case.id
