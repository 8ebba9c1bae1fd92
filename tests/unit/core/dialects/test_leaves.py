"""Leaves of other dialects within our conditions: what they see, what they refuse, what they are explained by."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.conditions import NOW, SCALARS, TEXTS, event, events

from ensue.core.conditions.dialects.cel import CelFailed
from ensue.core.conditions.explain import explain
from ensue.core.conditions.fields import compile_field
from ensue.core.conditions.leaf import LeafFault
from ensue.core.conditions.leaves import LEAVES
from ensue.core.conditions.match import matches
from ensue.core.conditions.needed import fulfils, needed
from ensue.core.conditions.tree import All, Any, Cel, Not, Pattern, Test
from ensue.core.event import Event
from ensue.core.json import Json

HIGH = event({"score": 0.9, "tags": ["rush"], "n": 10**30}, type="variant.approved", subject="v-1")


def holds(source: str, one: Event = HIGH, now: datetime = NOW) -> bool:
    leaf = LEAVES["cel"].parse(source)
    assert isinstance(leaf, Cel)
    return matches(leaf, one, now)


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("event.data.score > 0.8 && event.type == 'variant.approved'", True),
        ("event.data.tags.exists(tag, tag == 'rush')", True),
        ("event.data.tags[0].startsWith('x')", False),
        ("event.data.n > 1", True),
        ("has(event.data.gone)", False),
        ("event.data.?gone.orValue(1) == 1", True),
        ("has(event.time)", False),
        ("event.subject.matches('^v-[0-9]+$')", True),
        ("event.entity_type == 'a'", True),
        ("now.getDayOfWeek('Europe/Berlin') == 6", True),
        ("now == timestamp('2026-11-21T12:00:00Z')", True),
        ("math.greatest(1, 2) == 2 && 'a,b'.split(',').size() == 2", True),
    ],
)
def test_cel_sees_the_event_and_the_instant_of_the_decision(source: str, *, verdict: bool) -> None:
    assert holds(source) is verdict


def test_cel_is_decided_at_the_instant_it_is_given() -> None:
    weekday = "now.getDayOfWeek() == 6"
    assert [holds(weekday, now=datetime(2026, 11, day, tzinfo=UTC)) for day in (20, 21)] == [False, True]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("'a text'", "true or false, not string"),
        ("1", "true or false, not int"),
        ("event.data.a +", "line 1, column 15: Syntax error"),
        ("true &&\n nope", "line 2, column 2: undeclared reference to 'nope'"),
        ("true || " * 600 + "true", "at most 4096 bytes"),
        ("(" * 300 + "true" + ")" * 300, "recursion limit"),
        ("\ud800 == 'a'", "not UTF-8"),
        ("", "as text"),
        (5, "as text"),
        (None, "as text"),
    ],
)
def test_what_is_no_condition_in_cel_is_refused(source: Json, message: str) -> None:
    parsed = LEAVES["cel"].parse(source)
    assert isinstance(parsed, tuple)
    (fault,) = parsed
    assert isinstance(fault, LeafFault)
    assert message in (fault.expected or "")


NESTED = "event.data.all(a, event.data.all(b, event.data.all(c, event.data.all(d, true))))"


@pytest.mark.parametrize(
    ("source", "data", "message"),
    [
        ("event.data.gone > 1", {}, 'Key not found in map : "gone"'),
        ("event.data.a > 1", {"a": "text"}, "No matching overload"),
        ("event.data.a", {"a": 5}, "of type int"),
        ("event.data.a.matches(event.data.b)", {"a": "x", "b": "("}, "invalid regular expression"),
        (NESTED, list(range(100)), "Iteration budget exceeded"),
    ],
)
def test_an_expression_without_a_verdict_is_an_error_of_its_condition(source: str, data: Json, message: str) -> None:
    with pytest.raises(CelFailed, match=re.escape(message)):
        holds(source, event(data))
    explanation = explain(Cel(source), event(data), NOW)
    assert not explanation.verdict
    assert message in (explanation.note or "")


@given(st.text(max_size=30) | st.text(alphabet="event.da()&|!<>=1'\" ", max_size=30))
def test_any_text_is_an_expression_or_a_named_fault(source: str) -> None:
    parsed = LEAVES["cel"].parse(source)
    assert isinstance(parsed, Cel) or all(fault.expected for fault in parsed)


def test_a_pattern_sees_our_names_and_those_of_eventbridge() -> None:
    ours = Pattern({"type": ["variant.approved"], "data": {"score": [{"numeric": [">", 0.8]}]}, "subject": ["v-1"]})
    theirs = Pattern({"detail-type": ["variant.approved"], "detail": {"tags": ["rush"]}})
    assert matches(All((ours, theirs, Not(Pattern({"source": ["elsewhere"]})))), HIGH, NOW)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"account": ["1"]}, "/account"),
        ({"data": {"a": 1}}, "/data/a"),
        ({"$or": [{"region": ["x"]}, {"data": {"a": [1]}}]}, ""),
        ("text", ""),
    ],
)
def test_a_pattern_that_no_event_could_match_or_that_is_wrong_is_refused(document: Json, pointer: str) -> None:
    parsed = LEAVES["pattern"].parse(document)
    assert isinstance(parsed, tuple)
    assert [fault.pointer for fault in parsed] == [pointer]


def test_a_pattern_is_explained_field_by_field() -> None:
    explanation = explain(Pattern({"type": ["variant.approved"], "data": {"score": [1], "gone": ["x"]}}), HIGH, NOW)
    assert [(member.field, member.verdict, member.actual, member.note) for member in explanation.members] == [
        ("type", True, ("variant.approved",), None),
        ("data.score", False, (0.9,), None),
        ("data.gone", False, (), "the field is missing"),
    ]
    apart = Pattern({"data": {"l": {"a": [1], "b": [2]}}})
    assert "same element" in (explain(apart, event({"l": [{"a": 1}, {"b": 2}]}), NOW).note or "")


ATTRIBUTE_MATCHERS: st.SearchStrategy[Json] = SCALARS | st.one_of(
    TEXTS.map(lambda text: {"prefix": text}),
    TEXTS.map(lambda text: {"suffix": {"equals-ignore-case": text}}),
    (TEXTS | st.just("\u0131")).map(lambda text: {"equals-ignore-case": text}),
    TEXTS.map(lambda text: {"anything-but": text}),
    st.sampled_from(["*", "a*", "*b", "a*b", "*a*", "ab"]).map(lambda text: {"wildcard": text}),
    st.booleans().map(lambda flag: {"exists": flag}),
    st.just({"numeric": [">", 1]}),
)
FIELD = st.lists(ATTRIBUTE_MATCHERS, min_size=1, max_size=2)


def pattern(type: list[Json], subject: list[Json], a: list[Json]) -> dict[str, Json]:  # noqa: A002 - the attribute's name
    """A pattern over those of the fields for which there are matchers."""
    inner: dict[str, Json] = {"a": a} if a else {}
    fields: dict[str, Json] = {"type": type, "subject": subject, "data": inner}
    return {name: value for name, value in fields.items() if value}


PATTERNS = st.builds(pattern, FIELD, FIELD | st.just([]), FIELD | st.just([]))


@given(documents=st.lists(PATTERNS, min_size=1, max_size=3), one=events())
def test_the_keys_of_a_pattern_are_necessary(documents: list[dict[str, Json]], one: Event) -> None:
    leaves = tuple(leaf for document in documents if isinstance(leaf := LEAVES["pattern"].parse(document), Pattern))
    condition = Any((*leaves, Test(("type",), "eq", "never")))
    if matches(condition, one, NOW):
        assert fulfils(needed(condition), lambda path: compile_field(path)(one, NOW))
