"""Triggers over HTTP, from the first save to the tombstone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from tests.integration.trigger_api.world import ACME, World, revisions_said, trigger

from ensue.wire.topics import Topic
from ensue_devstack.databases import ScratchDatabase
from trigger_api.access import Principal
from trigger_api.triggers.commands import create_trigger

FULL = {
    "name": "Generate scenes when a variant is approved",
    "description": "Two lines\nof it.",
    "when": {"event": {"types": ["variant.approved", "variant.ready"], "entity_type": "variant"}},
    "where": {
        "all": [
            {"field": "data.project_id", "op": "eq", "value": 9007199254740993},
            {"any": [{"field": "data.score", "op": "gte", "value": 0.8}]},
            {"not": {"field": "subject", "op": "starts_with", "value": "test-"}},
        ]
    },
    "then": {"mode": "parallel", "actions": [{"kind": "log", "message": "{{ event.data.score }} ✓"}]},
    "delay": "5m",
    "brakes": {"max_chain_depth": 5},
    "sort_order": 7,
    "enabled": False,
}

# Instead of hundreds of thousands of firings: what cancelling them takes.
SLOW_CANCEL = """
CREATE OR REPLACE FUNCTION dispatch.cancel_trigger(p_tenant text, p_trigger_id uuid, p_reason text) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'SELECT pg_sleep(5.5); SELECT 1'
"""


@pytest.mark.requirement("R1.1", "R3.11")
async def test_every_settable_field_comes_back_as_it_was_given(world: World) -> None:
    created = await world.acme.call("POST", "/api/v1/triggers", FULL)
    assert created.status == 201, created.text
    answer = created.json
    read = await world.acme.call("GET", created.headers["Location"])
    assert read.status == 200
    assert read.json == answer
    assert read.headers["ETag"] == created.headers["ETag"] == '"1"'
    assert {name: answer[name] for name in FULL} == FULL
    assert json.dumps(answer["where"]) == json.dumps(FULL["where"])
    assert answer["project"] == ACME
    assert answer["status"] == "disabled"
    assert answer["in_force"] is True
    assert answer["created_by"].startswith("key:")


@pytest.mark.requirement("R1.2")
async def test_the_least_that_is_legal_gets_the_defaults(world: World) -> None:
    answer = await world.acme.create(trigger())
    shown = {name: answer[name] for name in ("description", "enabled", "status", "where", "delay", "sort_order")}
    assert shown == {
        "description": None,
        "enabled": True,
        "status": "active",
        "where": {},
        "delay": 0,
        "sort_order": 0,
    }
    assert answer["then"]["mode"] == "sequential"
    assert answer["brakes"] == {"max_chain_depth": 10}
    assert answer["revision"] == 1


async def test_what_is_answered_can_be_sent_back(world: World) -> None:
    answer = await world.acme.create(trigger())
    writable = {name: answer[name] for name in (*trigger(), "where", "delay", "brakes", "sort_order", "project")}
    replaced = await world.acme.call("PUT", f"/api/v1/triggers/{answer['id']}", writable)
    assert replaced.status == 200, replaced.text


@pytest.mark.requirement("R1.12")
async def test_put_replaces_and_patch_changes_only_what_it_names(world: World) -> None:
    created = await world.acme.create({**FULL, "enabled": True})
    path = f"/api/v1/triggers/{created['id']}"
    patched = await world.acme.call("PATCH", path, {"name": "Another"})
    assert patched.status == 200, patched.text
    changed = {name for name, value in patched.json.items() if value != created[name]}
    assert changed == {"name", "revision", "updated_at"}
    assert patched.json["revision"] == 2
    merged = await world.acme.call(
        "PATCH",
        path,
        {"delay": None, "brakes": {"max_chain_depth": 3}},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert (merged.json["delay"], merged.json["brakes"]) == (0, {"max_chain_depth": 3})
    replaced = await world.acme.call("PUT", path, trigger())
    assert replaced.json["revision"] == 4
    assert replaced.json["where"] == {}
    assert replaced.json["active_since"] == created["active_since"]


@pytest.mark.requirement("R1.10")
async def test_disabling_and_enabling_may_be_repeated(world: World) -> None:
    created = await world.acme.create(FULL)
    path = f"/api/v1/triggers/{created['id']}"
    for _ in range(2):
        disabled = await world.acme.call("PATCH", f"{path}/disable")
        assert disabled.status == 200, disabled.text
        assert disabled.json["enabled"] is False
    assert disabled.json["revision"] == 1, "it was created disabled"
    assert {name: disabled.json[name] for name in FULL} == FULL
    for _ in range(2):
        enabled = await world.acme.call("PATCH", f"{path}/enable")
        assert (enabled.status, enabled.json["enabled"], enabled.json["revision"]) == (200, True, 2)
    assert enabled.json["active_since"] > created["active_since"]
    again = await world.acme.call("PATCH", f"{path}/disable?in_flight=finish")
    assert (again.status, again.json["enabled"], again.json["revision"]) == (200, False, 3)


@pytest.mark.requirement("R1.13")
async def test_a_deleted_trigger_is_gone_and_leaves_a_tombstone(world: World) -> None:
    created = await world.acme.create(trigger())
    path = f"/api/v1/triggers/{created['id']}"
    deleted = await world.acme.call("DELETE", path)
    assert deleted.status == 200, deleted.text
    assert deleted.json["deleted_at"] is not None
    assert (await world.acme.call("GET", path)).status == 404
    assert (await world.acme.call("DELETE", path)).status == 404
    assert (await world.acme.call("GET", "/api/v1/triggers")).json["items"] == []
    assert (await world.acme.call("GET", f"/api/v1/triggers/log?trigger_id={created['id']}")).status == 200
    *_, last = await world.records(Topic.TRIGGERS)
    assert last.key == f"{ACME}/{created['id']}".encode()
    assert last.value is None
    assert dict(last.headers)["revision"] == b"2"
    async with world.database.transaction(ACME) as connection:
        [row] = await connection.fetch("SELECT * FROM triggers.v_ruleset WHERE trigger_id = $1", UUID(created["id"]))
    assert (row["deleted"], row["revision"], row["enabled"]) == (True, 2, False)
    assert row["cancel_before"] is not None


@pytest.mark.requirement("R4.8")
async def test_when_a_write_says_in_force_its_revision_is_on_the_topic(world: World) -> None:
    created = await world.acme.create(trigger())
    for number in range(2, 6):
        saved = await world.acme.call("PUT", f"/api/v1/triggers/{created['id']}", trigger(name=f"Save {number}"))
        assert saved.json["in_force"] is True
        *_, last = revisions_said(await world.records(Topic.TRIGGERS))
        assert last["revision"] == number


async def test_two_replacements_at_once_are_two_revisions(world: World) -> None:
    created = await world.acme.create(trigger())
    path = f"/api/v1/triggers/{created['id']}"
    answers = await asyncio.gather(
        *(world.acme.call("PUT", path, trigger(name=f"Writer {number}")) for number in range(8))
    )
    assert sorted(answer.json["revision"] for answer in answers) == list(range(2, 10))
    async with world.database.transaction(ACME) as connection:
        kept = await connection.fetch("SELECT revision, name FROM triggers.v_revision ORDER BY revision")
    assert [row["revision"] for row in kept] == list(range(1, 10))
    assert {row["name"] for row in kept[1:]} == {f"Writer {number}" for number in range(8)}
    said = revisions_said(await world.records(Topic.TRIGGERS))
    assert [each["revision"] for each in said] == list(range(1, 10))


async def test_of_two_replacements_of_the_same_revision_one_is_refused(world: World) -> None:
    created = await world.acme.create(trigger())
    path = f"/api/v1/triggers/{created['id']}"
    answers = await asyncio.gather(
        *(world.acme.call("PUT", path, trigger(name=str(number)), headers={"If-Match": '"1"'}) for number in range(2))
    )
    assert sorted(answer.status for answer in answers) == [200, 412]
    weak = await world.acme.call("DELETE", path, headers={"If-Match": 'W/"2"'})
    assert weak.status == 412
    listed = await world.acme.call("DELETE", path, headers={"If-Match": '"7", "2"'})
    assert listed.status == 200


async def test_lists_are_paged_newest_first_and_filtered(world: World) -> None:
    made = [
        await world.acme.create(
            trigger(name=str(n), when={"event": {"types": [f"t.{n % 2}", "all"]}}, enabled=n % 3 > 0)
        )
        for n in range(7)
    ]
    names: list[str] = []
    cursor = ""
    while True:
        page = (await world.acme.call("GET", f"/api/v1/triggers?limit=3{cursor}")).json
        names += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert names == [item["name"] for item in reversed(made)]

    async def listed(query: str) -> set[str]:
        answer = await world.acme.call("GET", f"/api/v1/triggers?{query}")
        assert answer.status == 200, answer.text
        return {item["name"] for item in answer.json["items"]}

    assert await listed("event_type=t.1") == {"1", "3", "5"}
    assert await listed("status=disabled") == {"0", "3", "6"}
    assert await listed("status=active&event_type=t.0") == {"2", "4"}
    assert await listed("event_type=none") == set()


async def test_a_trigger_listens_from_before_the_databases_clock_by_the_skew(world: World) -> None:
    ports = replace(world.ports, clock_skew=timedelta(seconds=5))
    caller = Principal(ACME, "0" * 16, admin=False)
    new = await create_trigger(ports, caller, trigger())
    assert timedelta(seconds=5) <= new.created_at - new.active_since < timedelta(seconds=5, milliseconds=1)


async def test_a_disable_that_must_cancel_for_long_has_its_time(world: World, database: ScratchDatabase) -> None:
    """A backlog grows while a trigger storms, which is when it must be stopped."""
    created = await world.acme.create(trigger())
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(SLOW_CANCEL)
    await admin.close()
    answer = await world.acme.call("PATCH", f"/api/v1/triggers/{created['id']}/disable")
    assert (answer.status, answer.json["status"]) == (200, "disabled"), answer.text
