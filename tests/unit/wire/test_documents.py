"""Trigger documents: read whole, or every fault at once with its place and what would be right."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from tests.unit.wire.trigger_documents import FULL, MINIMAL, changed, faults_of, parsed

from ensue.core.conditions import tree
from ensue.core.json import Json
from ensue.core.retry import RetryPolicy
from ensue.core.trigger import ActionSpec, Brakes, EventWhen, Mode, Then
from ensue.wire.documents import ParsedTrigger, parse_trigger
from ensue.wire.faults import Fault


def test_a_minimal_document_gets_every_default() -> None:
    spec = ActionSpec("actions.0", "post", {"url": "https://studio.example"}, None, RetryPolicy())
    assert parsed(MINIMAL) == ParsedTrigger(
        name="Generate scenes",
        description="",
        project=None,
        enabled=True,
        when=EventWhen(("variant.approved",)),
        where=tree.ALWAYS,
        then=Then((spec,), Mode.SEQUENTIAL),
        delay=timedelta(0),
        brakes=Brakes(10),
        sort_order=0,
    )


def test_a_full_document_is_read_whole() -> None:
    trigger = parsed(FULL)
    assert (trigger.project, trigger.enabled, trigger.sort_order) == ("studio", False, -5)
    assert (trigger.delay, trigger.brakes) == (timedelta(hours=1, minutes=30), Brakes(3))
    assert trigger.when == EventWhen(("variant.approved", "variant.failed"), "variant")
    assert trigger.where == tree.All(
        (
            tree.Test(("data", "project_id"), "eq", 7),
            tree.Any((tree.Test(("data", "score"), "gte", 0.8), tree.Test(("data", "tags"), "exists", value=True))),
            tree.Not(tree.Test(("subject",), "starts_with", "test-")),
        )
    )
    first, second = trigger.then.actions
    assert (trigger.then.mode, second.path) == (Mode.PARALLEL, "actions.1")
    assert first.params == {"url": "https://studio.example", "body": {"v": "{{ event.data.variant_id }}"}}
    assert first.timeout == timedelta(seconds=5)
    assert first.retry == RetryPolicy(3, timedelta(seconds=2), 3.0, timedelta(hours=1))


def test_null_says_as_little_as_leaving_out() -> None:
    nothing = dict.fromkeys(("description", "project", "where", "delay", "brakes", "sort_order", "enabled"))
    assert parsed({**MINIMAL, **nothing}) == parsed(MINIMAL)
    assert parsed({**MINIMAL, "where": {}}) == parsed(MINIMAL)


def test_whoever_evaluates_does_not_look_into_actions() -> None:
    document = {**MINIMAL, "then": {"actions": [{"kind": "of_the_future", "x": "{{ nonsense }}"}]}}
    (action,) = parse_trigger(document, action_params=None).then.actions
    assert (action.kind, action.params) == ("of_the_future", {"x": "{{ nonsense }}"})


def test_all_faults_come_at_once_each_with_its_place() -> None:
    document = {
        "name": "x" * 10_000,
        "enabled": "yes",
        "when": {"event": {"types": [], "entity": "variant"}, "schedule": {}},
        "where": {"all": [{"field": "dat.x", "op": "equals", "value": 1}, {"any": []}, {"field": "type", "op": "gt"}]},
        "then": {"mode": "together", "actions": [{"kind": "pots"}, {"kind": "post", "ulr": 5}]},
        "delay": "soon",
        "brakes": {"max_chain_depth": 51, "cooldown": "1m"},
        "order_by": "subject",
    }
    assert {fault.pointer: fault.message for fault in faults_of(document)} == {
        "/name": "is too long: 10000 characters",
        "/enabled": "is not true or false",
        "/when/schedule": "is not a known field",
        "/when/event/types": "is empty",
        "/when/event/entity": 'is not a known field; did you mean "entity_type"?',
        "/where/all/0/field": 'is not a field; did you mean "data.x"?',
        "/where/all/0/op": 'is not a known operator; did you mean "eq"?',
        "/where/all/1/any": "is empty, so it could never be true",
        "/where/all/2/value": "is missing",
        "/then/mode": "is none of the choices",
        "/then/actions/0/kind": 'is not a known kind of action; did you mean "post"?',
        "/then/actions/1/url": "is missing",
        "/then/actions/1/ulr": 'is not a known field; did you mean "url"?',
        "/delay": "is not a duration",
        "/brakes/max_chain_depth": "is out of range",
        "/brakes/cooldown": "is not a known field",
        "/order_by": "is not a known field",
    }


def test_what_is_not_known_is_told_what_is() -> None:
    (fault,) = faults_of({**MINIMAL, "when": {"event": {"types": ["a"]}, "pattern": {}}})
    assert fault == Fault("/when/pattern", "is not a known field", "one of event")
    (fault,) = faults_of({**MINIMAL, "order_by": "subject"})
    assert fault.expected == (
        "one of brakes, delay, description, enabled, name, project, sort_order, then, when, where"
    )


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("name",), "", "a text of 1 to 200 characters"),
        (("name",), "   ", "a text of 1 to 200 characters"),
        (("name",), 5, "a text of 1 to 200 characters"),
        (("name",), "a\nb", "a text of 1 to 200 characters"),
        (("name",), None, "a text of 1 to 200 characters"),
        (("description",), "a\x07", "a text of 1 to 5000 characters"),
        (("project",), "My Studio", "lower-case letters"),
        (("enabled",), 1, "true or false"),
        (("when",), [], "an object"),
        (("when", "event"), None, "an object"),
        (("when", "event", "types"), "variant.approved", "a list of 1 to 100 event types"),
        (("when", "event", "types", 0), 5, "variant.approved"),
        (("when", "event", "types", 0), " a", "variant.approved"),
        (("when", "event", "types"), ["a"] * 101, "a list of 1 to 100"),
        (("where",), [], "{all: [...]}"),
        (("where", "all", 0), {}, "{all: [...]}"),
        (("where",), {"all": [], "any": []}, "exactly one of"),
        (("where", "all"), {}, "a list of conditions"),
        (("where", "all", 0), None, "{all: [...]}"),
        (("where", "all", 0, "field"), None, "a text"),
        (("where", "all", 0, "field"), "data..x", "names joined by single dots"),
        (("where", "all", 0, "op"), 5, "a text"),
        (("where", "all", 0, "op"), "between", "two numbers or two texts, the lower one first"),
        (("where", "all", 2, "not"), [], "{all: [...]}"),
        (("then",), [], "an object"),
        (("then", "actions"), [], "a list of 1 to 50 actions"),
        (("then", "actions", 0), "post", "an object"),
        (("then", "actions", 0, "kind"), None, "a text"),
        (("then", "actions", 0, "url"), 5, "a valid string"),
        (("then", "actions", 0, "timeout"), 0, "0.1 to 300 seconds"),
        (("then", "actions", 0, "timeout"), "1h", "0.1 to 300 seconds"),
        (("then", "actions", 0, "retry", "max_attempts"), 0, "a whole number from 1 to 100"),
        (("then", "actions", 0, "retry", "initial"), "2h", "at most maximum"),
        (("then", "actions", 0, "retry", "multiplier"), 0.5, "a number from 1 to 100"),
        (("delay",), -1, "a number of seconds, or a text such as"),
        (("delay",), True, "a number of seconds, or a text such as"),
        (("delay",), "400d", "0 to 3.1536e+07 seconds"),
        (("brakes",), 5, "an object"),
        (("brakes", "max_chain_depth"), 0, "a whole number from 1 to 50"),
        (("brakes", "max_chain_depth"), 3.0, "a whole number from 1 to 50"),
        (("sort_order",), 10**30, "a whole number from -1000000 to 1000000"),
    ],
)
def test_a_wrong_value_is_told_what_would_be_right(path: tuple[str | int, ...], value: Json, expected: str) -> None:
    (fault,) = faults_of(changed(*path, to=value))
    assert fault.pointer.startswith("/" + "/".join(map(str, path[:-1])))
    assert expected in (fault.expected or "")


@pytest.mark.parametrize("document", [None, 5, "x", [], True])
def test_what_is_no_object_is_no_trigger(document: Json) -> None:
    assert [fault.pointer for fault in faults_of(document)] == [""]


def test_a_pointer_escapes_the_names_in_it() -> None:
    assert [fault.pointer for fault in faults_of({**MINIMAL, "a/b~c": 1})] == ["/a~1b~0c"]


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ("nul \x00", "/description"),
        ("half \ud800", "/description"),
        (float("nan"), "/description"),
        ({"x": float("inf")}, "/description/x"),
        ({5: 1}, "/description"),
        ([b"bytes"], "/description/0"),
        ({timedelta(1)}, "/description"),
    ],
)
def test_what_json_or_the_database_cannot_hold_is_found_first(value: object, pointer: str) -> None:
    assert [fault.pointer for fault in faults_of({**MINIMAL, "description": value})] == [pointer]


def test_a_placeholder_that_could_never_be_filled_in_is_found() -> None:
    (fault,) = faults_of(changed("then", "actions", 0, "body", to={"a": ["{{ evnt.data }}"]}))
    assert (fault.pointer, fault.message) == ("/then/actions/0/body/a/0", "has a wrong placeholder")


def test_a_type_named_twice_counts_once() -> None:
    assert parsed({**MINIMAL, "when": {"event": {"types": ["a", "b", "a"]}}}).when.types == ("a", "b")


def test_reading_does_not_depend_on_the_order_of_members() -> None:
    members = list(FULL.items())
    random.Random(7).shuffle(members)  # noqa: S311  # no secret
    assert parsed(dict(members)) == parsed(FULL)
