"""Conditions at save: what is refused, with its place, and that a saved CEL expression fires."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.integration.trigger_api.world import ACME, World, trigger
from tests.support.conditions import event

from ensue.core.decide import decide
from ensue.core.event import Event
from ensue.core.json import Json
from ensue.core.ruleset import Ruleset
from ensue.wire.topics import Topic
from ensue.wire.triggers import TriggerRecord, decode_trigger, to_trigger
from trigger_api.triggers.queries import MOST_COMPARED, MOST_SEEN


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
        ({"field": "dta.a", "op": "exists"}, "/where/field"),
        ({"field": "data..a", "op": "exists"}, "/where/field"),
        ({"field": "data.a\\b", "op": "exists"}, "/where/field"),
        ({"field": "length(data.a", "op": "exists"}, "/where/field"),
        ({"field": "data.a", "op": "between", "value": "x"}, "/where/value"),
        (nested(32), "/where" + "/not" * 32),
        ({"all": [{"field": "data.a", "op": "exists"}] * 501}, "/where/all/500"),
        ({"any": [{"field": "data.a", "op": "regex", "value": "(?=a)"}]}, "/where/any/0/value"),
        ({"field": "data.a", "op": "wildcard", "value": "*a" * 11}, "/where/value"),
        ({"field": "data.a", "op": "wildcard", "value": "a**b"}, "/where/value"),
        ({"pattern": {"data": {"a": [{"wildcard": "*a" * 11}]}}}, "/where/pattern/data/a/0/wildcard"),
        ({"not": {"cel": "'a text'"}}, "/where/not/cel"),
        ({"all": [{"field": "type", "op": "eq", "value": kind} for kind in ("a.b", "a.c")]}, "/where"),
        ({"pattern": {"data": {"a": [{"prefx": "x"}]}}}, "/where/pattern/data/a/0/prefx"),
    ],
    ids=[
        "operator", "root", "path", "escape", "length", "value type", "depth", "tests", "regex", "stars", "two stars",
        "stars of a pattern", "CEL", "never true", "pattern",
    ],
)  # fmt: skip
async def test_a_wrong_condition_is_refused_with_its_path(world: World, where: Json, pointer: str) -> None:
    standing = await world.acme.create(trigger())
    path = f"/api/v1/triggers/{standing['id']}"
    for method, place, document in (
        ("POST", "/api/v1/triggers", {**trigger(), "where": where}),
        ("PUT", path, {**trigger(), "where": where}),
        ("PATCH", path, {"where": where}),
    ):
        answer = await world.acme.call(method, place, document)
        assert answer.status == 400, answer.text
        assert answer.pointers == [pointer]
    checked = (await world.acme.call("POST", "/api/v1/triggers/validate", {"where": where})).json
    assert checked["valid"] is False
    assert [error["pointer"] for error in checked["errors"]] == [pointer]
    assert (await world.acme.call("GET", path)).json["revision"] == 1


async def test_what_is_odd_about_a_condition_is_told_at_save(world: World) -> None:
    longer = [{"field": "subject", "op": "starts_with", "value": start} for start in ("v-", "v-1")]
    saved = await world.acme.create({**trigger(), "where": {"any": longer}})
    assert saved["warnings"] == [
        {"pointer": "/where/any/1", "message": "adds nothing: wherever it is true, branch 0 is too"}
    ]
    read = await world.acme.call("GET", f"/api/v1/triggers/{saved['id']}")
    assert read.json == {**saved, "warnings": []}


@pytest.mark.parametrize(
    ("where", "pointer", "message"),
    [
        (
            {
                "all": [
                    {"field": "data.n", "op": "gt", "value": 1},
                    {"field": "type", "op": "eq", "value": "variant.gone"},
                ]
            },
            "/where/all/1",
            "can never be true: the trigger listens to no such event",
        ),
        ({"cel": "1 > 2 && event.data.n > 1"}, "/where", "can never be true"),
    ],
    ids=["a type that it does not listen to", "an expression that is false for every event"],
)
async def test_what_no_event_that_it_listens_to_fulfils_is_refused(
    world: World, where: dict[str, object], pointer: str, message: str
) -> None:
    answer = await world.acme.call("POST", "/api/v1/triggers", trigger(where=where))
    assert answer.status == 400, answer.text
    assert [(error["pointer"], error["message"]) for error in answer.json["errors"]] == [(pointer, message)]
    checked = (await world.acme.call("POST", "/api/v1/triggers/validate", trigger(where=where))).json
    assert checked["valid"] is False
    assert [(error["pointer"], error["message"]) for error in checked["errors"]] == [(pointer, message)]


@pytest.mark.requirement("R3.14")
async def test_every_answer_says_the_condition_as_a_sentence(world: World) -> None:
    where = {"all": [
        {"field": "data.score", "op": "gte", "value": 0.8},
        {"any": [{"field": "data.tags", "op": "contains", "value": "rush"}, {"field": "subject", "op": "exists"}]},
    ]}  # fmt: skip
    english = 'score is at least 0.8 and (tags contains "rush" or subject is there)'
    created = await world.acme.create(trigger(where=where))
    path = f"/api/v1/triggers/{created['id']}"
    (listed,) = (await world.acme.call("GET", "/api/v1/triggers")).json["items"]
    answers = [created, listed, (await world.acme.call("GET", path)).json]
    answers.append((await world.acme.call("PUT", path, trigger(where=where))).json)
    answers.append((await world.acme.call("PATCH", path, {"description": "x"})).json)
    answers.append((await world.acme.call("PATCH", f"{path}/disable")).json)
    answers.append((await world.acme.call("DELETE", path)).json)
    whole = f'When variant.approved arrives and {english}, Ensue logs "approved".'
    assert [(answer["english"], answer["sentence"]) for answer in answers] == [(english, whole)] * 7


async def test_a_trigger_without_a_condition_is_said_to_fire_always(world: World) -> None:
    assert (await world.acme.create(trigger()))["english"] == "always"


SCORE = {"field": "data.score", "op": "between", "value": [0.5, 1]}
HIGHER = {"all": [SCORE, {"field": "data.score", "op": "gt", "value": 0.9, "quantifier": "every"}]}


def messages(answer: Json) -> list[str]:
    """What is said about shadows."""
    assert isinstance(answer, dict)
    return [warning["message"] for warning in answer["warnings"] if "that of" in warning["message"]]


async def test_a_trigger_that_another_covers_is_told_so_at_save(world: World) -> None:
    first = await world.acme.create(trigger(name="Wide", where=SCORE))
    assert first["warnings"] == []
    again = await world.acme.create(trigger(name="Again", where=SCORE))
    assert messages(again) == [f"is true for the same events as that of trigger {first['id']} (Wide)"]
    narrow = await world.acme.create(trigger(name="Narrow", where=HIGHER))
    assert messages(narrow) == [
        f"is true only where that of trigger {one['id']} ({one['name']}) is too" for one in (first, again)
    ]
    path = f"/api/v1/triggers/{narrow['id']}"
    assert len(messages((await world.acme.call("PATCH", path, {"name": "N"})).json)) == 2
    await world.acme.call("PATCH", f"/api/v1/triggers/{first['id']}/disable")
    await world.acme.call("DELETE", f"/api/v1/triggers/{again['id']}")
    assert messages((await world.acme.call("PATCH", path, {"name": "M"})).json) == [], "neither listens any more"


async def test_only_neighbours_of_the_same_tenant_and_type_are_compared(world: World) -> None:
    await world.globex.create(trigger(where=SCORE))
    await world.acme.create(trigger(where=SCORE, when={"event": {"types": ["variant.made"]}}))
    await world.acme.create(trigger(where=SCORE, when={"event": {"types": ["variant.approved"], "entity_type": "x"}}))
    assert (await world.acme.create(trigger(where=SCORE)))["warnings"] == []


async def test_with_very_many_neighbours_the_newest_are_compared(world: World) -> None:
    oldest = await world.acme.create(trigger(name="Oldest", where=SCORE))
    await add_triggers(world, oldest["id"], MOST_COMPARED - 1)
    assert any(oldest["id"] in message for message in messages(await world.acme.create(trigger(where=SCORE))))
    last = messages(await world.acme.create(trigger(where=SCORE)))
    assert len(last) == MOST_COMPARED
    assert not any(oldest["id"] in message for message in last)


async def test_neighbours_are_looked_for_among_the_newest_triggers_alone(world: World) -> None:
    oldest = await world.acme.create(trigger(name="Oldest", where=SCORE))
    made = await world.acme.create(trigger(where=SCORE, when={"event": {"types": ["variant.made"]}}))
    await add_triggers(world, made["id"], MOST_SEEN - 3)
    assert len(messages(await world.acme.create(trigger(where=SCORE)))) == 1, "it is the last that is seen"
    path = f"/api/v1/triggers/{oldest['id']}"
    await world.acme.call("PATCH", path, {"name": "Still the oldest"})
    assert not any(oldest["id"] in message for message in messages(await world.acme.create(trigger(where=SCORE))))


async def add_triggers(world: World, like: str, count: int) -> None:
    """Copies of a trigger, each a millisecond younger than the one before."""
    async with world.database.transaction(ACME) as connection:
        await connection.execute(
            """INSERT INTO triggers.trigger (tenant, trigger_id, revision, name, enabled, active_since, event_types,
                                             document, created_by, created_at)
               SELECT tenant, gen_random_uuid(), revision, name, enabled, active_since, event_types, document,
                      created_by, created_at + n * interval '1 microsecond'
                 FROM triggers.trigger, generate_series(1, $2::integer) AS n WHERE trigger_id = $1::text::uuid""",
            like,
            count,
        )


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
