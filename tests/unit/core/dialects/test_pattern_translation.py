"""Patterns into tests and back: the same verdicts where fields hold one value each, else a refusal in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.conditions import NOW, NUMBERS, SCALARS, TEXTS, conditions, event

from ensue.core.conditions.dialects.eventbridge import parse_pattern
from ensue.core.conditions.dialects.faults import DialectInvalid
from ensue.core.conditions.dialects.pattern_export import to_pattern
from ensue.core.conditions.dialects.pattern_import import from_pattern
from ensue.core.conditions.dialects.pattern_match import compile_pattern
from ensue.core.conditions.dialects.pattern_printer import print_pattern
from ensue.core.conditions.leaf_kinds.pattern import seen_by_patterns
from ensue.core.conditions.match import matches
from ensue.core.conditions.tree import All, Any, Cel, Condition, FieldRef, Not, Quantifier, Test
from ensue.core.event import Event
from ensue.core.json import Json

NAMES = TEXTS.filter(bool)
NUMERIC = st.one_of(
    st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), NUMBERS).map(list),
    st.tuples(NUMBERS, NUMBERS)
    .filter(lambda pair: pair[0] != pair[1])
    .flatmap(lambda pair: st.sampled_from([[">", min(pair), "<=", max(pair)], [">=", min(pair), "<=", max(pair)]])),
)
MATCHERS: st.SearchStrategy[Json] = st.one_of(
    SCALARS,
    st.sampled_from(["prefix", "suffix"]).flatmap(lambda name: TEXTS.map(lambda text: {name: text})),
    TEXTS.map(lambda text: {"prefix": {"equals-ignore-case": text}}),
    TEXTS.map(lambda text: {"equals-ignore-case": text}),
    st.sampled_from(["*", "a*", "*b", "a*c", "x"]).map(lambda text: {"wildcard": text}),
    st.lists(TEXTS, min_size=1, max_size=2).map(lambda texts: {"anything-but": texts}),
    NUMBERS.map(lambda number: {"anything-but": number}),
    st.lists(NAMES, min_size=1, max_size=2).map(lambda texts: {"anything-but": {"prefix": texts}}),
    st.booleans().map(lambda flag: {"exists": flag}),
    NUMERIC.map(lambda terms: {"numeric": terms}),
)
VALUES = st.lists(MATCHERS, min_size=1, max_size=3)
INNER = st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES}).filter(bool)
PATTERNS: st.SearchStrategy[Json] = st.one_of(
    st.fixed_dictionaries({"detail": INNER}, optional={"source": VALUES}),
    st.lists(INNER, min_size=2, max_size=3).map(lambda choices: {"detail": {"$or": choices}}),
    st.lists(VALUES, min_size=2, max_size=2).map(
        lambda two: {"$or": [{"detail": {"a": two[0]}}, {"detail": {"b": two[1]}}], "detail-type": ["ab"]}
    ),
)
PLAIN_EVENTS = st.builds(
    event, st.fixed_dictionaries({}, optional={"a": SCALARS, "b": SCALARS, "l": SCALARS}), st.sampled_from(["a", "ab"])
)


@given(pattern=PATTERNS, one=PLAIN_EVENTS)
def test_an_imported_pattern_gives_the_same_verdicts(pattern: Json, one: Event) -> None:
    verdict = compile_pattern(parse_pattern(pattern))(seen_by_patterns(one))
    assert matches(from_pattern(pattern), one, NOW) == verdict


@given(condition=conditions(), one=PLAIN_EVENTS)
def test_an_exported_condition_gives_the_same_verdicts(condition: Condition, one: Event) -> None:
    try:
        pattern = to_pattern(condition)
    except DialectInvalid:
        return  # refused with its place, as it should be
    assert compile_pattern(parse_pattern(pattern))(seen_by_patterns(one)) == matches(condition, one, NOW)


@given(pattern=PATTERNS)
def test_a_pattern_that_was_printed_is_read_as_the_same(pattern: Json) -> None:
    node = parse_pattern(pattern)
    assert parse_pattern(print_pattern(node)) == node


def test_what_people_write_is_exported_as_people_would() -> None:
    score, state = ("data", "score"), ("data", "state")
    condition = All(
        (
            Test(("type",), "in", ["a.made", "a.gone"]),
            Any((Test(state, "eq", "new"), Test(state, "starts_with", "re"))),
            Test(score, "between", [1, 5]),
            Test(("data", "who"), "neq", "me"),
            Not(Test(("data", "error"), "exists", value=True)),
        )
    )
    assert to_pattern(condition) == {
        "detail-type": ["a.made", "a.gone"],
        "detail": {
            "state": ["new", {"prefix": "re"}],
            "score": [{"numeric": [">=", 1, "<=", 5]}],
            "who": [{"anything-but": ["me"]}],
            "error": [{"exists": False}],
        },
    }
    assert to_pattern(Any((Test(score, "gt", 1), Test(state, "eq", "new")))) == {
        "$or": [{"detail": {"score": [{"numeric": [">", 1]}]}}, {"detail": {"state": ["new"]}}]
    }


@pytest.mark.parametrize(
    ("condition", "pointer"),
    [
        (All(()), ""),
        (Not(Test(("data", "a"), "eq", 1)), ""),
        (All((Test(("data", "a"), "regex", "a"),)), "/all/0"),
        (Test(("data", "a"), "eq", FieldRef(("data", "b"))), ""),
        (Test(("data", "a"), "eq", 1, Quantifier.EVERY), ""),
        (Test(("data", "a"), "gt", 1, length=True), ""),
        (Test(("subject",), "eq", "a"), ""),
        (All((Test(("data", "a"), "gt", 1), Test(("data", "a"), "lt", 5))), "/all/1"),
        (All((Test(("data", "a"), "gt", 1), Test(("data", "a", "b"), "lt", 5))), "/all/1"),
        (Any((Cel("true"), Test(("data", "a"), "eq", 1))), "/any/0"),
        (Test(("data", "a"), "neq", None), ""),
    ],
    ids=str,
)
def test_what_a_pattern_cannot_say_is_refused_with_its_place(condition: Condition, pointer: str) -> None:
    with pytest.raises(DialectInvalid) as caught:
        to_pattern(condition)
    assert pointer in [fault.pointer for fault in caught.value.faults]


@pytest.mark.parametrize("pattern", [{"account": ["1"]}, {"source": {"a": [1]}}, {"a": 1}])
def test_a_pattern_over_what_our_events_lack_is_refused(pattern: Json) -> None:
    with pytest.raises(DialectInvalid):
        from_pattern(pattern)


def test_more_stars_than_ours_takes_are_refused() -> None:
    with pytest.raises(DialectInvalid, match="at most 8 stars"):
        from_pattern({"detail": {"a": [{"wildcard": "*a" * 9}]}})
