"""Validate over HTTP: nothing is stored, every error has its path, and hostile questions are bounded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.trigger_api.approvals import HIGH, NEAR, TRIGGERS, WHERE, explained
from tests.integration.trigger_api.test_problems import assert_problem
from tests.integration.trigger_api.world import GLOBEX, World, trigger

from ensue.wire.topics import Topic

VALIDATE = f"{TRIGGERS}/validate"


@pytest.mark.requirement("R3.17")
async def test_a_good_trigger_is_valid_with_its_sentences_and_nothing_is_stored(world: World) -> None:
    checked = await world.acme.call("POST", VALIDATE, trigger(where=WHERE))
    assert checked.status == 200
    assert checked.json == {
        "valid": True,
        "errors": [],
        "warnings": [],
        "english": 'project_id is 7 and (score is at least 0.8 or tags contains "rush")'
        ' and not (subject begins with "test-")',
        "sentence": "When variant.approved arrives and project_id is 7 and (score is at least 0.8 or tags contains"
        ' "rush") and not (subject begins with "test-"), Ensue logs "approved".',
        "unindexed": None,
        "samples": None,
    }
    assert (await world.acme.call("GET", TRIGGERS)).json["items"] == []
    assert await world.records(Topic.TRIGGERS) == []


@pytest.mark.requirement("R3.17")
async def test_a_bad_one_has_every_error_with_its_path(world: World) -> None:
    document = {"nmae": "x", "when": {"event": {"types": []}}, "then": {"actions": [{"kind": "no_such"}]}, "delay": -1,
                "where": {"field": "data.x", "op": "equals", "value": 1}}  # fmt: skip
    checked = (await world.acme.call("POST", VALIDATE, document)).json
    assert checked["valid"] is False
    assert {error["pointer"] for error in checked["errors"]} == {
        "/nmae", "/name", "/when/event/types", "/then/actions/0/kind", "/delay", "/where/op",
    }  # fmt: skip
    hint = next(error for error in checked["errors"] if error["pointer"] == "/where/op")
    assert 'did you mean "eq"' in hint["message"]
    assert (checked["english"], checked["sentence"], checked["warnings"]) == (None, None, [])
    for document, pointer in (
        (trigger(project=GLOBEX), "/project"),
        (trigger(where={"all": [{"field": "type", "op": "eq", "value": v} for v in "ab"]}), "/where"),
        (trigger(sort_order=10**30), "/sort_order"),
        ({}, "/name"),
    ):
        checked = (await world.acme.call("POST", VALIDATE, document)).json
        assert checked["errors"][0]["pointer"] == pointer, checked


@pytest.mark.requirement("R3.17")
async def test_a_condition_alone_is_checked(world: World) -> None:
    good = (await world.acme.call("POST", VALIDATE, {"where": {"not": {"field": "data.n", "op": "exists"}}})).json
    assert (good["valid"], good["english"], good["sentence"]) == (True, "not (n is there)", None)
    assert good["unindexed"] == "it denies something, and an index finds what is there"
    assert [warning["pointer"] for warning in good["warnings"]] == ["/where"]
    bad = (await world.acme.call("POST", VALIDATE, {"where": {"all": [{"field": "data.n", "op": "gt"}]}})).json
    assert (bad["valid"], [error["pointer"] for error in bad["errors"]]) == (False, ["/where/all/0/value"])
    empty: tuple[dict[str, str] | None, ...] = (None, {})
    for nothing in empty:
        assert (await world.acme.call("POST", VALIDATE, {"where": nothing})).json["english"] == "always"


async def test_samples_tell_how_often_it_would_fire(world: World) -> None:
    scores = [{"type": "variant.approved", "data": {"score": n / 10}} for n in range(9)]
    other = {"type": "variant.made", "data": {"score": 1}}
    where = {"field": "data.score", "op": "gte", "value": 0.6}
    checked = (await world.acme.call("POST", VALIDATE, {**trigger(where=where), "samples": [*scores, other]})).json
    assert checked["samples"] == {"events": 10, "heard": 9, "matched": 3, "failed": 0, "selectivity": 4 / 11}
    alone = (await world.acme.call("POST", VALIDATE, {"where": {"cel": "event.data.gone"}, "samples": [other]})).json
    assert {name: alone["samples"][name] for name in ("heard", "matched", "failed")} == {
        "heard": 1, "matched": 0, "failed": 1,
    }  # fmt: skip


async def test_wrong_samples_are_the_question_s_fault(world: World) -> None:
    for samples, pointers in (
        (7, ["/samples"]),
        ([{}] * 101, ["/samples"]),
        ([NEAR, 7, {"type": "a.b", "time": "x"}], ["/samples/1", "/samples/2/time"]),
    ):
        answer = await world.acme.call("POST", VALIDATE, {"where": WHERE, "samples": samples})
        assert_problem(answer, 400)
        assert answer.pointers == pointers


async def test_hostile_validations_are_bounded(world: World) -> None:
    call = world.acme.call
    assert_problem(await call("POST", VALIDATE, trigger(description="x" * 300_000)), 413)
    unknown = await call("POST", VALIDATE, {f"field{n}": n for n in range(10_000)})
    assert unknown.status == 200
    assert len(unknown.json["errors"]) == 100
    for opening in (b'{"where":', b'{"where":{"not":'):
        body = opening * 10_000
        assert_problem(await call("POST", VALIDATE, body=body, headers={"Content-Type": "application/json"}), 400)
    tests = [{"field": f"data.f{n}", "op": "eq", "value": n} for n in range(500)]
    samples = [{"type": "a.b", "data": list(range(1_000))}] * 40
    assert_problem(await call("POST", VALIDATE, {"where": {"any": tests}, "samples": samples}), 413)
    same = [{"field": "data.f", "op": "contains", "value": f"<{n}>"} for n in range(480)]
    pairs = [{"any": [{"field": "data.f", "op": "contains", "value": f"{n}{c}"} for c in "ab"]} for n in range(6)]
    assert (await call("POST", VALIDATE, {"where": {"all": [*pairs, *same]}})).json["valid"] is True


async def test_questions_and_saves_at_once_do_not_disturb_each_other(world: World) -> None:
    created = await world.acme.create(trigger(where=WHERE))
    path = f"{TRIGGERS}/{created['id']}"
    answers = await asyncio.gather(
        *(world.acme.call("POST", f"{path}/explain", HIGH) for _ in range(10)),
        *(world.acme.call("POST", VALIDATE, trigger(where=WHERE)) for _ in range(10)),
        *(world.acme.call("PATCH", path, {"description": f"number {n}"}) for n in range(5)),
    )
    assert [answer.status for answer in answers] == [200] * 25
    assert all(answer.json["matches"] for answer in answers[:10])
    assert all(answer.json["valid"] for answer in answers[10:20])


async def test_a_calendar_is_asked_as_the_project_has_it(world: World) -> None:
    where = {"field": "data.at", "op": "calendar", "value": "freeze"}
    day, other = [{**NEAR, "data": {"at": f"2026-12-{date}T12:00:00Z"}} for date in (24, 25)]
    unknown = (await world.acme.call("POST", VALIDATE, {"where": where})).json
    assert (unknown["valid"], [error["pointer"] for error in unknown["errors"]]) == (False, ["/where/value"])
    put = await world.acme.call("PUT", "/api/v1/calendars/freeze", {"dates": ["2026-12-24"]})
    assert put.status in (200, 201), put.text
    known = (await world.acme.call("POST", VALIDATE, {"where": where, "samples": [day, other]})).json
    assert (known["valid"], known["samples"]["matched"]) == (True, 1)
    assert known["english"] == "at is on a day of the calendar freeze (UTC)"
    created = await world.acme.create(trigger(where=where))
    assert created["english"] == known["english"]
    assert [(await explained(world, created["id"], event))["matches"] for event in (day, other)] == [True, False]
    await world.acme.call("PATCH", f"{TRIGGERS}/{created['id']}", {"where": None})
    await world.acme.call("DELETE", "/api/v1/calendars/freeze")
    old = await explained(world, created["id"], day, "?revision=1")
    assert old["matches"] is False
    assert any("there is no calendar freeze" in reason for reason in old["reasons"])


async def test_the_examples_of_the_openapi_document_are_taken(world: World) -> None:
    paths = (await world.stranger().call("GET", "/openapi.json")).json["paths"]

    def example(path: str) -> Any:  # noqa: ANN401 - JSON
        return next(iter(paths[path]["post"]["requestBody"]["content"].values()))["example"]

    created = await world.acme.create(example(TRIGGERS))
    checked = (await world.acme.call("POST", VALIDATE, example(VALIDATE))).json
    assert (checked["valid"], checked["samples"]["events"]) == (True, 1)
    shown = await explained(world, created["id"], example(f"{TRIGGERS}/{{trigger_id}}/explain"))
    assert [miss["sentence"] for miss in shown["nearest_miss"]] == ["score is at least 0.8"]
