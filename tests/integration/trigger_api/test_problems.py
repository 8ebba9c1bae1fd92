"""What goes wrong is answered as a problem document that names the place, and nothing that is nobody's business."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from tests.integration.trigger_api.world import GLOBEX, Answer, World, trigger

from ensue.runtime.metrics import HTTP_REQUESTS
from ensue.wire.topics import Topic
from ensue_devstack.databases import ScratchDatabase
from trigger_api.keys.rules import make_key

NOWHERE = "00000000-0000-0000-0000-000000000000"
ROUTES = [
    ("POST", "/api/v1/triggers"),
    ("GET", "/api/v1/triggers"),
    ("GET", f"/api/v1/triggers/{NOWHERE}"),
    ("PUT", f"/api/v1/triggers/{NOWHERE}"),
    ("PATCH", f"/api/v1/triggers/{NOWHERE}"),
    ("DELETE", f"/api/v1/triggers/{NOWHERE}"),
    ("PATCH", f"/api/v1/triggers/{NOWHERE}/enable"),
    ("PATCH", f"/api/v1/triggers/{NOWHERE}/disable"),
    ("POST", "/api/v1/triggers/validate"),
    ("GET", "/api/v1/triggers/limits"),
    ("POST", f"/api/v1/triggers/{NOWHERE}/explain"),
    ("GET", "/api/v1/triggers/log"),
    ("GET", "/api/v1/calendars"),
    ("GET", "/api/v1/calendars/nowhere"),
    ("PUT", "/api/v1/calendars/nowhere"),
    ("DELETE", "/api/v1/calendars/nowhere"),
    ("POST", "/api/v1/events"),
    ("GET", f"/api/v1/chains/{NOWHERE}"),
]


def assert_problem(answer: Answer, status: int) -> None:
    """It has the shape of a problem document."""
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json
    assert problem["status"] == status
    assert problem["type"].startswith("urn:ensue:problem:")
    assert problem["title"]
    assert problem["detail"]
    assert isinstance(problem["errors"], list)


async def test_the_table_of_routes_is_the_openapi_document(world: World) -> None:
    document = (await world.stranger().call("GET", "/openapi.json")).json
    documented = {
        (method.upper(), path.format(trigger_id=NOWHERE, correlation_id=NOWHERE, name="nowhere"))
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert documented == set(ROUTES)
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(ROUTES)
    for operation in operations:
        assert operation["summary"]
        assert {"401", "500", "503"} <= operation["responses"].keys()
        assert "422" not in operation["responses"]


@pytest.mark.requirement("R14.5")
async def test_without_a_good_key_every_route_is_401(world: World) -> None:
    assert world.acme.key is not None
    strangers = {
        "no key": world.stranger(),
        "unknown key": world.stranger(make_key(b"\x07" * 40)),
        "wrong secret": world.stranger(type(world.acme.key)(world.acme.key.key_id, "0" * 64)),
    }
    for method, path in ROUTES:
        for client in strangers.values():
            answer = await client.call(method, f"{path}?unknown=1")
            assert_problem(answer, 401)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert "0000000000" not in answer.text
        for header in ({"Authorization": "Basic abc"}, {"Authorization": "Bearer"}, {"X-API-Key": "ens_"}):
            assert_problem(await world.stranger().call(method, path, headers=header), 401)


async def test_a_key_may_come_in_either_header(world: World) -> None:
    assert world.acme.key is not None
    answer = await world.stranger().call("GET", "/api/v1/triggers", headers={"X-API-Key": world.acme.key.text})
    assert answer.status == 200


@pytest.mark.requirement("R14.5")
async def test_each_error_status_has_the_shape_of_a_problem(world: World) -> None:
    call = world.acme.call
    assert_problem(await call("GET", "/nowhere"), 404)
    assert_problem(await call("GET", f"/api/v1/triggers/{NOWHERE}"), 404)
    assert_problem(await call("GET", "/api/v1/triggers/not-an-id"), 404)
    assert_problem(await call("GET", "/api/v1/chains/not-an-id"), 404)
    refused = await call("DELETE", "/api/v1/triggers")
    assert_problem(refused, 405)
    assert refused.headers["Allow"] == "GET, POST"
    assert_problem(await call("POST", "/api/v1/triggers", body=b"{}", headers={"Content-Type": "text/plain"}), 415)
    assert_problem(await call("POST", "/api/v1/triggers", trigger(description="x" * 300_000)), 413)
    assert_problem(await call("POST", "/api/v1/triggers", trigger(project=GLOBEX)), 403)
    created = await world.acme.create(trigger())
    path = f"/api/v1/triggers/{created['id']}"
    assert_problem(await call("PUT", path, trigger(), headers={"If-Match": '"9"'}), 412)
    bad_tag = await call("PUT", path, trigger(), headers={"If-Match": "9"})
    assert_problem(bad_tag, 400)
    assert bad_tag.pointers == ["/headers/if-match"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": "x" * 10_000}, "/name"),
    ({"name": ""}, "/name"),
    ({"name": None}, "/name"),
    ({"name": 7}, "/name"),
    ({"when": None}, "/when"),
    ({"when": {"event": {"types": "variant.approved"}}}, "/when/event/types"),
    ({"then": None}, "/then"),
    ({"then": {"actions": []}}, "/then/actions"),
    ({"then": {"actions": [{"kind": "no_such"}]}}, "/then/actions/0/kind"),
    ({"unknown": 1}, "/unknown"),
    ({"id": NOWHERE}, "/id"),
    ({"revision": 5}, "/revision"),
    ({"enabled": "yes"}, "/enabled"),
    ({"delay": "soon"}, "/delay"),
    ({"sort_order": 1.5}, "/sort_order"),
    ({"sort_order": 10**30}, "/sort_order"),
    ({"brakes": {"max_chain_depth": 51}}, "/brakes/max_chain_depth"),
    ({"where": {"field": "data.x", "op": "equals", "value": 1}}, "/where/op"),
    ({"where": {"all": [{"field": "data.x", "op": "gt", "value": [1]}]}}, "/where/all/0/value"),
]


@pytest.mark.requirement("R1.4", "R14.5")
async def test_a_wrong_document_is_refused_with_its_place(world: World) -> None:
    for changes, pointer in WRONG:
        answer = await world.acme.call("POST", "/api/v1/triggers", trigger(**changes))
        assert_problem(answer, 400)
        assert answer.pointers == [pointer], (changes, answer.text)
        assert "x" * 50 not in answer.text


NO_DOCUMENTS: list[bytes] = [
    b"",
    b"not json",
    b"[]",
    b'"text"',
    b'{"name": "a", "name": "b"}',
    b'{"name": "\xff"}',
    b'{"name": "\\u0000"}',
    b'{"name": "\\ud800"}',
    b'{"sort_order": NaN}',
    b'{"sort_order": 1e999}',
    b'{"a": ' * 5000,
    b"[" * 100_000,
]


async def test_a_body_that_is_no_document_is_refused(world: World) -> None:
    for body in NO_DOCUMENTS:
        for method in ("POST", "PUT", "PATCH"):
            path = "/api/v1/triggers" if method == "POST" else f"/api/v1/triggers/{NOWHERE}"
            answer = await world.acme.call(method, path, body=body, headers={"Content-Type": "application/json"})
            assert_problem(answer, 400)


async def test_every_fault_of_a_document_is_told_at_once(world: World) -> None:
    answer = await world.acme.call("POST", "/api/v1/triggers", {"nmae": "x", "when": 3, "delay": -1})
    assert_problem(answer, 400)
    assert {"/nmae", "/name", "/when", "/then", "/delay"} <= set(answer.pointers)
    told = next(fault for fault in answer.json["errors"] if fault["pointer"] == "/nmae")
    assert 'did you mean "name"' in told["message"]


async def test_a_wrong_parameter_is_refused_with_its_place(world: World) -> None:
    for query in ("limit=0", "limit=201", "limit=x", "cursor=x", "status=gone", "sort=name"):
        for path in ("/api/v1/triggers", "/api/v1/triggers/log"):
            answer = await world.acme.call("GET", f"{path}?{query}")
            assert_problem(answer, 400)
            assert answer.pointers == [f"/query/{query.partition('=')[0]}"]
    for query in ("event_type=%00", "event_type=", f"event_type={'x' * 300}"):
        assert_problem(await world.acme.call("GET", f"/api/v1/triggers?{query}"), 400)


async def test_a_misspelled_option_of_a_change_changes_nothing(world: World) -> None:
    created = await world.acme.create(trigger())
    answer = await world.acme.call("PATCH", f"/api/v1/triggers/{created['id']}/disable?in_flght=finish")
    assert_problem(answer, 400)
    assert (await world.acme.call("GET", f"/api/v1/triggers/{created['id']}")).json["enabled"] is True


async def test_a_refused_document_leaves_nothing_behind(world: World) -> None:
    assert (await world.acme.call("POST", "/api/v1/triggers", trigger(name=""))).status == 400
    assert (await world.acme.call("GET", "/api/v1/triggers")).json["items"] == []
    assert await world.records(Topic.TRIGGERS) == []


async def test_requests_are_counted_by_route_template(world: World) -> None:
    await world.acme.call("GET", f"/api/v1/triggers/{NOWHERE}")
    await world.acme.call("GET", "/nowhere/really")
    counted = world.metrics.value(HTTP_REQUESTS, method="GET", route="/api/v1/triggers/{trigger_id}", status=404)
    assert counted == 1
    assert world.metrics.value(HTTP_REQUESTS, method="GET", route="(unmatched)", status=404) == 1


async def test_a_defect_is_500_and_says_nothing_of_itself(world: World, database: ScratchDatabase) -> None:
    admin = await asyncpg.connect(database.admin_url)
    try:
        await admin.execute("DROP VIEW audit.v_log")
    finally:
        await admin.close()
    answer = await world.acme.call("GET", "/api/v1/triggers/log?status=dead")
    assert_problem(answer, 500)
    assert answer.json["instance"] == answer.headers["X-Request-Id"]
    for hidden in ("v_log", "relation", "Error", "Traceback", "asyncpg"):
        assert hidden not in answer.text
    assert (await world.acme.call("GET", "/api/v1/triggers")).status == 200
