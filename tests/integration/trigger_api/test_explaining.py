"""Explain over HTTP: nothing is fired, every test is told, and hostile questions are bounded."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import asyncpg
import pytest
from tests.integration.trigger_api.approvals import HIGH, NEAR, TRIGGERS, WHERE, explained
from tests.integration.trigger_api.rows import AT, named, rows_of
from tests.integration.trigger_api.test_problems import NOWHERE, assert_problem
from tests.integration.trigger_api.world import GLOBEX, World, trigger

from ensue.wire.topics import Topic
from ensue_devstack.databases import ScratchDatabase


@pytest.mark.requirement("R3.15")
async def test_every_test_is_told_with_its_actual_value_and_verdict(world: World) -> None:
    created = await world.acme.create(trigger(where=WHERE))
    shown = await explained(world, created["id"], NEAR)
    assert (shown["matches"], shown["reasons"], shown["revision"]) == (False, [], 1)
    project, either, negation = shown["where"]["members"]
    score, tags = either["members"]
    (subject,) = negation["members"]
    told = [
        (test["field"], test["operator"], test["wanted"], test["actual"], test["verdict"], test["decided"])
        for test in (project, score, tags, subject)
    ]
    assert told == [
        ("data.project_id", "eq", 7, [7], True, False),
        ("data.score", "gte", 0.8, [0.79], False, True),
        ("data.tags", "contains", "rush", [["slow"]], False, True),
        ("subject", "starts_with", "test-", ["v-1"], False, False),
    ]
    assert [miss["sentence"] for miss in shown["nearest_miss"]] == ["score is at least 0.8"]
    assert [check["check"] for check in shown["checks"] if check["passed"]] == [
        "project", "type", "entity_type", "enabled", "active_since", "targets", "depth",
    ]  # fmt: skip
    assert shown["english"] == created["english"]
    fires = await explained(world, created["id"], HIGH)
    assert (fires["matches"], fires["nearest_miss"]) == (True, [])
    assert [record.key for record in await world.records(Topic.EVENTS)] == [], "nothing is published"


async def test_what_keeps_a_trigger_out_is_told_beside_its_tests(world: World) -> None:
    when = {"event": {"types": ["variant.approved"], "entity_type": "variant"}}
    created = await world.acme.create(trigger(where=WHERE, when=when, enabled=False, brakes={"max_chain_depth": 2}))
    event = {**HIGH, "entitytype": "job", "chaindepth": 2, "targets": NOWHERE}
    shown = await explained(world, created["id"], event, "?at=2020-01-01T00:00:00Z")
    out = [check["check"] for check in shown["checks"] if not check["passed"]]
    assert out == ["entity_type", "enabled", "active_since", "targets", "depth"]
    assert shown["reasons"] == [check["message"] for check in shown["checks"] if not check["passed"]]
    assert (shown["matches"], shown["where"]["verdict"]) == (False, True)


async def test_an_older_revision_can_be_asked(world: World) -> None:
    created = await world.acme.create(trigger(where=WHERE))
    path = f"{TRIGGERS}/{created['id']}"
    await world.acme.call("PATCH", path, {"where": None})
    assert (await explained(world, created["id"], NEAR))["matches"] is True
    assert (await explained(world, created["id"], NEAR, "?revision=1"))["matches"] is False
    await world.acme.call("DELETE", path)
    assert_problem(await world.acme.call("POST", f"{path}/explain", NEAR), 404)
    assert (await explained(world, created["id"], NEAR, "?revision=2"))["matches"] is True
    deleted = await explained(world, created["id"], NEAR, "?revision=3")
    assert [check["check"] for check in deleted["checks"] if not check["passed"]] == ["enabled"]
    for wrong in ("?revision=0", "?revision=x", "?at=yesterday", "?at=2020-01-01T00:00:00", "?at=0001-01-01T00:00:00Z"):
        assert_problem(await world.acme.call("POST", f"{path}/explain{wrong}", NEAR), 400)
    assert_problem(await world.acme.call("POST", f"{path}/explain?revision=4", NEAR), 404)


async def test_an_event_of_the_journal_is_explained_at_its_append_time(world: World, database: ScratchDatabase) -> None:
    created = await world.acme.create(trigger(where={"field": "data.score", "op": "eq", "value": 0.5}))
    async with rows_of(database, "acme") as rows:
        await rows.event("variant", depth=3)
    admin = await asyncpg.connect(database.admin_url)
    try:
        await admin.execute("""UPDATE audit.event SET type = 'variant.approved', data = '{"score": 0.50}'""")
    finally:
        await admin.close()
    asked = {"event_uid": str(named("variant"))}
    shown = await explained(world, created["id"], asked)
    assert datetime.fromisoformat(shown["at"]) > AT
    assert shown["event_uid"] == asked["event_uid"]
    assert shown["where"]["verdict"] is True
    out = [check["check"] for check in shown["checks"] if not check["passed"]]
    assert out == ["active_since"], "the event is older than the trigger"
    asked_about = [check["check"] for check in shown["checks"]]
    assert "targets" not in asked_about, "the journal does not keep for which triggers a replay was"
    later = datetime(2199, 1, 1, tzinfo=UTC).isoformat().replace("+", "%2B")
    assert (await explained(world, created["id"], asked, f"?at={later}"))["matches"] is True
    theirs = await world.globex.create(trigger())
    path = f"{TRIGGERS}/{theirs['id']}/explain"
    assert_problem(await world.globex.call("POST", path, asked), 404)
    assert_problem(await world.acme.call("POST", f"{TRIGGERS}/{created['id']}/explain", {"event_uid": NOWHERE}), 404)


async def test_a_kept_trigger_that_cannot_be_read_is_no_fault_of_the_question(
    world: World, database: ScratchDatabase
) -> None:
    created = await world.acme.create(trigger(where=WHERE))
    admin = await asyncpg.connect(database.admin_url)
    try:
        await admin.execute("""UPDATE triggers.trigger SET document = document::jsonb || '{"where": {"op": "gone"}}'""")
    finally:
        await admin.close()
    answer = await world.acme.call("POST", f"{TRIGGERS}/{created['id']}/explain", NEAR)
    assert_problem(answer, 409)
    assert "Revision 1 of this trigger" in answer.json["detail"]
    assert answer.json["errors"] == [], "its places would lead into a document that nobody sent"
    assert (await explained(world, created["id"], NEAR, "?revision=1"))["matches"] is False


async def test_another_tenant_s_trigger_is_not_there(world: World) -> None:
    created = await world.acme.create(trigger())
    for query in ("", "?revision=1"):
        answer = await world.globex.call("POST", f"{TRIGGERS}/{created['id']}/explain{query}", NEAR)
        assert_problem(answer, 404)
    assert_problem(await world.acme.call("POST", f"{TRIGGERS}/not-an-id/explain", NEAR), 404)


WRONG_EVENTS: list[tuple[object, list[str]]] = [
    ({}, ["/type"]),
    ({"event_uid": 7}, ["/event_uid"]),
    ({"event_uid": "x", "type": "a.b"}, ["/event_uid"]),
    ({"type": 7}, ["/type"]),
    ({"type": "a.b", "time": "noon", "chaindepth": -1}, ["/chaindepth", "/time"]),
    ({"type": "a.b", "tenant": GLOBEX}, ["/tenant"]),
    ({"type": "a.b", "data": 1, "data_base64": "MQ=="}, ["/data_base64"]),
    ({"type": "a.b", "datacontenttype": "text/plain"}, ["/datacontenttype"]),
    ({"type": "a.b", "Upper": "x"}, ["/Upper"]),
]


async def test_a_wrong_event_is_refused_with_its_places(world: World) -> None:
    created = await world.acme.create(trigger())
    path = f"{TRIGGERS}/{created['id']}/explain"
    for document, pointers in WRONG_EVENTS:
        answer = await world.acme.call("POST", path, document)
        assert_problem(answer, 400)
        assert sorted(answer.pointers) == pointers, document
    for body in (b"", b"[]", b"{", b'{"type": "a", "type": "b"}', b'{"a":' * 50_000, b'{"type": "\\ud800"}'):
        assert_problem(
            await world.acme.call("POST", path, body=body, headers={"Content-Type": "application/json"}), 400
        )
    cloud_event = {"Content-Type": "application/cloudevents+json"}
    assert (await world.acme.call("POST", path, body=json.dumps(NEAR).encode(), headers=cloud_event)).status == 200
    assert_problem(await world.acme.call("POST", path, body=b"{}", headers={"Content-Type": "text/plain"}), 415)


async def test_hostile_explanations_are_bounded(world: World) -> None:
    many = [{"field": f"data.items.f{n}", "op": "eq", "value": n} for n in range(400)]
    created = await world.acme.create(trigger(where={"any": [*many, {"field": "data", "op": "exists"}]}))
    path = f"{TRIGGERS}/{created['id']}/explain"
    call = world.acme.call
    assert_problem(await call("POST", path, {**NEAR, "data": "x" * (1 << 20)}), 413)
    assert_problem(await call("POST", path, {**NEAR, "data": {"items": [0] * 60_000}}), 413)
    names = {f"name{n}": "é\U0001f600" for n in range(9_000)}
    wide = await call("POST", path, {**NEAR, "data": names})
    assert_problem(wide, 413)
    fits = await call("POST", path, {**NEAR, "data": {"items": [{"f1": "x" * 10_000}] * 20}})
    assert fits.status == 200
    assert len(fits.text) < 400_000
    quadratic = {"field": "data.a", "op": "eq", "value_of": "data.b"}
    compared = await world.acme.create(trigger(where=quadratic))
    path = f"{TRIGGERS}/{compared['id']}/explain"
    assert_problem(await call("POST", path, {**NEAR, "data": {"a": [1] * 2_000, "b": [2] * 2_000}}), 413)
    unknown = {**NEAR, **{f"attribute{n}": "x" for n in range(10_000)}}
    assert (await call("POST", path, unknown)).status in (200, 413)
