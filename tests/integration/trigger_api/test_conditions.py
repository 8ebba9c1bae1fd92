"""Conditions at save: what is refused, with its place, and that a saved CEL expression fires."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.integration.trigger_api.world import World, trigger
from tests.support.conditions import event

from ensue.core.decide import decide
from ensue.core.event import Event
from ensue.core.json import Json
from ensue.core.ruleset import Ruleset
from ensue.wire.topics import Topic
from ensue.wire.triggers import TriggerRecord, decode_trigger, to_trigger


def nested(levels: int) -> Json:
    """A test under so many `not`."""
    condition: Json = {"field": "data.a", "op": "exists"}
    for _ in range(levels):
        condition = {"not": condition}
    return condition


@pytest.mark.requirement("R3.16")
@pytest.mark.parametrize(
    ("where", "pointer"),
    [
        ({"field": "data.a", "op": "equalz", "value": 1}, "/where/op"),
        ({"field": "data.a", "op": "between", "value": "x"}, "/where/value"),
        (nested(32), "/where" + "/not" * 32),
        ({"all": [{"field": "data.a", "op": "exists"}] * 501}, "/where/all/500"),
        ({"any": [{"field": "data.a", "op": "regex", "value": "(?=a)"}]}, "/where/any/0/value"),
        ({"not": {"cel": "'a text'"}}, "/where/not/cel"),
        ({"all": [{"field": "type", "op": "eq", "value": kind} for kind in ("a.b", "a.c")]}, "/where"),
        ({"pattern": {"data": {"a": [{"prefx": "x"}]}}}, "/where/pattern/data/a/0/prefx"),
    ],
    ids=["operator", "value type", "depth", "tests", "regex", "CEL", "never true", "pattern"],
)
async def test_a_wrong_condition_is_refused_with_its_path(world: World, where: Json, pointer: str) -> None:
    answer = await world.acme.call("POST", "/api/v1/triggers", {**trigger(), "where": where})
    assert answer.status == 400, answer.text
    assert answer.pointers == [pointer]


async def test_what_is_odd_about_a_condition_is_told_at_save(world: World) -> None:
    higher = [{"field": "data.n", "op": "gt", "value": bound} for bound in (5, 7)]
    saved = await world.acme.create({**trigger(), "where": {"any": higher}})
    assert saved["warnings"] == [
        {"pointer": "/where/any/1", "message": "adds nothing: wherever it is true, branch 0 is too"}
    ]
    read = await world.acme.call("GET", f"/api/v1/triggers/{saved['id']}")
    assert read.json == {**saved, "warnings": []}


@pytest.mark.requirement("R3.10")
async def test_a_cel_expression_that_is_text_is_refused_and_one_that_is_bool_fires(world: World) -> None:
    text = {**trigger(), "where": {"cel": "string(event.data.score)"}}
    refused = await world.acme.call("POST", "/api/v1/triggers", text)
    assert (refused.status, refused.pointers) == (400, ["/where/cel"])
    await world.acme.create({**trigger(), "where": {"cel": "event.data.score > 0.8"}})
    (record,) = await world.records(Topic.TRIGGERS)
    saved = decode_trigger(record.key, record.value, record.headers)
    assert isinstance(saved, TriggerRecord)
    ruleset = Ruleset.empty().apply([to_trigger(saved)])
    fired = [len(decide(ruleset, scored(saved, score), saved.active_since).firings) for score in (0.9, 0.7)]
    assert fired == [1, 0]


def scored(saved: TriggerRecord, score: float) -> Event:
    """An event that the trigger listens to."""
    (event_type, *_) = to_trigger(saved).when.types
    return replace(event({"score": score}, type=event_type), tenant=saved.tenant, entity_type="variant")
