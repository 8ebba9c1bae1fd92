"""How conditions are worded and explained: sentences, what decided, and how near a miss was."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.condition_table import CONTEXT, condition_of
from tests.unit.core.world import NOON, an_event

from ensue.core.conditions import tree
from ensue.core.conditions.english import english
from ensue.core.conditions.explain import explain, nearest_miss
from ensue.core.conditions.wording import shown

SENTENCES: dict[str, dict[str, Any]] = {
    "score is at least 0.8": {"field": "data.score", "op": "gte", "value": 0.8},
    'tags contains "rush"': {"field": "data.tags", "op": "contains", "value": "rush"},
    'every value of items.kind is "x" or "y"': {
        "field": "data.items.kind", "op": "in", "value": ["x", "y"], "quantifier": "every",
    },
    "no value of items.price is greater than the value of limit": {
        "field": "data.items.price", "op": "gt", "value_of": "data.limit", "quantifier": "none",
    },
    "the length of tags is between 1 and 3": {"field": "length(data.tags)", "op": "between", "value": [1, 3]},
    'status changes to "approved"': {"field": "data.status", "op": "changed_to", "value": "approved"},
    "the time of arrival is on a Saturday or Sunday (Europe/Berlin)": {
        "field": "now", "op": "weekday", "value": {"days": ["sat", "sun"], "zone": "Europe/Berlin"},
    },
    "time is within the last 5m": {"field": "time", "op": "within_last", "value": "5m"},
    "the time of arrival is from 22:00 until 06:00 (UTC)": {
        "field": "now", "op": "time_between", "value": ["22:00", "06:00"],
    },
    "owner is missing": {"field": "data.owner", "op": "exists", "value": False},
    'address is an address in "10.0.0.0/8"': {"field": "data.address", "op": "cidr", "value": "10.0.0.0/8"},
    "now\\.then is 1": {"field": "data.now\\.then", "op": "eq", "value": 1},
    "always": {"all": []},
    'score is at least 0.8 and (tag is "a" or tag is "b") and not (draft is true)': {
        "all": [
            {"field": "data.score", "op": "gte", "value": 0.8},
            {"any": [{"field": "data.tag", "op": "eq", "value": "a"}, {"field": "data.tag", "op": "eq", "value": "b"}]},
            {"not": {"field": "data.draft", "op": "eq", "value": True}},
        ]
    },
}  # fmt: skip
APPROVAL = {
    "all": [
        {"field": "type", "op": "eq", "value": "variant.approved"},
        {"field": "data.score", "op": "gte", "value": 0.8},
        {
            "any": [
                {
                    "all": [
                        {"field": "data.tags", "op": "contains", "value": "rush"},
                        {"field": "data.owner", "op": "eq", "value": "Ada"},
                    ]
                },
                {"field": "data.retries", "op": "gt", "value": 3},
            ]
        },
    ]
}


@pytest.mark.parametrize(("sentence", "document"), SENTENCES.items(), ids=list(SENTENCES))
def test_a_condition_reads_as_a_sentence(sentence: str, document: dict[str, Any]) -> None:
    assert english(condition_of(document)) == sentence


@pytest.mark.parametrize(
    "test",
    [
        tree.Test(("data", "a"), "resembles", "x"),
        tree.Test(("data", "a"), "between", 7),
        tree.Test(("data", "a"), "weekday", None),
        tree.Test(("data", "a"), "regex", "("),
    ],
    ids=lambda test: test.operator,
)
def test_a_tree_that_no_parser_saw_still_has_a_sentence(test: tree.Test) -> None:
    assert english(test).startswith(f"a {test.operator} ")


def test_long_and_strange_values_are_shown_on_one_short_line() -> None:
    assert len(shown("x" * 10_000)) <= 210
    assert shown("a\nb\x00\u202e") == '"a\\u000ab\\u0000\\u202e"'
    assert shown({"a": [1, None, True, 'say "hi"']}) == '{"a": [1, null, true, "say \\"hi\\""]}'
    assert len(shown(10**5000)) <= 210


def test_an_explanation_shows_every_test_with_what_was_wanted_and_what_was_there() -> None:
    event = an_event(data={"score": 0.7, "tags": ["night"], "owner": "Ada"})
    told = explain(condition_of(APPROVAL), event, NOON)
    kind, score, either = told.members
    assert (told.verdict, kind.verdict, score.verdict, either.verdict) == (False, True, False, False)
    assert (score.field, score.operator, score.wanted, score.actual) == ("data.score", "gte", 0.8, (0.7,))
    assert (kind.decided, score.decided, either.decided) == (False, True, True)
    both, retries = either.members
    tags, owner = both.members
    assert (tags.actual, owner.actual, owner.verdict, owner.decided) == ((["night"],), ("Ada",), True, False)
    assert (retries.actual, retries.note, retries.decided) == ((), "the field is missing", True)


def test_the_nearest_miss_is_the_smallest_set_of_tests_that_would_have_to_turn() -> None:
    event = an_event(data={"score": 0.7, "tags": ["night"], "owner": "Bob"})
    missed = nearest_miss(explain(condition_of(APPROVAL), event, NOON))
    assert [test.sentence for test in missed] == ["score is at least 0.8", "retries is greater than 3"]


@pytest.mark.parametrize(
    ("document", "data", "note"),
    [
        ({"field": "data.a", "op": "changed"}, {"a": 1}, "the event has no images before and after"),
        ({"field": "data.a", "op": "eq", "value": 1}, {"a": []}, "the array has no elements"),
        ({"field": "length(data.a)", "op": "eq", "value": 1}, {"a": 1}, "the field has no length"),
        ({"field": "data.a", "op": "eq", "value_of": "data.b"}, {"a": 1}, "data.b is missing"),
        ({"field": "data.a", "op": "eq", "value": 1}, {"a": list(range(30))}, "10 more values are not shown"),
        ({"field": "data.a", "op": "eq", "value": 1}, {"a": 1}, None),
    ],
)
def test_an_explanation_says_what_the_values_do_not_show(
    document: dict[str, Any], data: dict[str, Any], note: str | None
) -> None:
    told = explain(condition_of(document), an_event(data=data), NOON, CONTEXT)
    assert told.note == note
    assert len(told.actual) <= 20


def test_an_explanation_of_a_change_shows_both_images() -> None:
    event = an_event(data={"before": {"s": "draft"}, "after": {"s": "approved"}})
    told = explain(condition_of(SENTENCES['status changes to "approved"']), event, NOON)
    assert told.actual == ([], [])
    told = explain(condition_of({"field": "data.s", "op": "changed_from", "value": "draft"}), event, NOON)
    assert (told.verdict, told.actual) == (True, (["draft"], ["approved"]))
