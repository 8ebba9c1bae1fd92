"""The log and the chains: what the audit and the dispatcher know, as one tenant may read it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from tests.integration.trigger_api.rows import Rows, named, rows_of
from tests.integration.trigger_api.world import ACME, GLOBEX, World, trigger

from ensue_devstack.databases import ScratchDatabase


@pytest_asyncio.fixture
async def rows(database: ScratchDatabase) -> AsyncIterator[Rows]:
    """Of the tenant acme, in the chain of the event root."""
    async with rows_of(database, ACME) as writing:
        yield writing


@pytest.mark.requirement("R6.12")
async def test_a_three_step_chain_is_one_tree(world: World, rows: Rows) -> None:
    await rows.event("root")
    await rows.firing("first", event="root")
    await rows.ended("emit", "succeeded", firing="first", emitted="middle")
    await rows.outcome("first", "succeeded", event="root")
    await rows.event("middle", caused_by="emit", depth=1)
    await rows.firing("second", event="middle", depth=1)
    await rows.dispatched("call", firing="second", depth=1)
    await rows.event("last", caused_by="call", depth=2)
    await rows.outcome("third", "blocked", event="last", reason="chain_depth", depth=2)

    answer = await world.acme.call("GET", f"/api/v1/chains/{named('root')}")
    assert answer.status == 200, answer.text
    chain = answer.json
    assert (chain["status"], chain["truncated"], chain["unplaced_actions"]) == ("running", False, [])
    assert chain["counts"] == {"events": 3, "firings": 3, "actions": 2}
    [root] = chain["roots"]
    assert (root["id"], root["place"], root["status"]) == ("root", "root", "recorded")
    [first] = root["firings"]
    [emit] = first["actions"]
    assert (first["status"], emit["status"], emit["path"]) == ("succeeded", "succeeded", "actions.0")
    [middle] = emit["events"]
    [second] = middle["firings"]
    [call] = second["actions"]
    assert (middle["depth"], second["status"], call["status"]) == (1, "pending", "due")
    [last] = call["events"]
    [third] = last["firings"]
    assert (last["place"], third["status"], third["reason"], third["actions"]) == (
        "caused",
        "blocked",
        "chain_depth",
        [],
    )


async def test_a_chain_of_another_tenant_is_not_found(world: World, rows: Rows, database: ScratchDatabase) -> None:
    await rows.event("root")
    assert (await world.globex.call("GET", f"/api/v1/chains/{named('root')}")).status == 404
    async with rows_of(database, GLOBEX) as theirs:
        await theirs.event("stray")
    chain = (await world.globex.call("GET", f"/api/v1/chains/{named('root')}")).json
    assert [root["id"] for root in chain["roots"]] == ["stray"]


async def test_the_log_is_filtered_and_paged_newest_first(world: World, rows: Rows, database: ScratchDatabase) -> None:
    await rows.event("root")
    for number in range(5):
        await rows.firing(str(number), event="root")
    await rows.outcome("1", "succeeded", event="root")
    await rows.outcome("3", "dead", event="root", reason="retries_exhausted")
    async with rows_of(database, ACME, "other") as others:
        await others.firing("elsewhere", event="other", trigger_id=named("another trigger"))
    async with rows_of(database, GLOBEX) as theirs:
        await theirs.firing("theirs", event="root")

    async def listed(query: str) -> list[str]:
        found: list[str] = []
        path: str | None = f"/api/v1/triggers/log?limit=2&{query}"
        while path is not None:
            answer = await world.acme.call("GET", path)
            assert answer.status == 200, answer.text
            found += [row["firing_id"] for row in answer.json["items"]]
            cursor = answer.json["next_cursor"]
            path = f"/api/v1/triggers/log?limit=2&{query}&cursor={cursor}" if cursor else None
        return found

    def ids(*names: str) -> list[str]:
        return [str(named(name)) for name in names]

    assert sorted(await listed("")) == sorted(ids("0", "1", "2", "3", "4", "elsewhere"))
    assert await listed(f"correlation_id={named('root')}") == ids("4", "3", "2", "1", "0")
    assert await listed(f"trigger_id={named('another trigger')}") == ids("elsewhere")
    assert await listed("status=dead") == ids("3")
    assert await listed(f"status=pending&correlation_id={named('root')}") == ids("4", "2", "0")
    dead = (await world.acme.call("GET", "/api/v1/triggers/log?status=dead")).json["items"][0]
    assert (dead["reason"], dead["actions"], dead["event_type"]) == ("retries_exhausted", [], "root.happened")


@pytest.mark.requirement("R1.13")
async def test_the_log_of_a_deleted_trigger_stays_readable(world: World, rows: Rows) -> None:
    created = await world.acme.create(trigger())
    await rows.firing("fired", event="root", trigger_id=UUID(created["id"]))
    assert (await world.acme.call("DELETE", f"/api/v1/triggers/{created['id']}")).status == 200
    log = await world.acme.call("GET", f"/api/v1/triggers/log?trigger_id={created['id']}")
    assert [row["firing_id"] for row in log.json["items"]] == [str(named("fired"))]


@pytest.mark.requirement("R1.11")
@pytest.mark.parametrize("change", ["disable", "delete"])
async def test_stopping_a_trigger_cancels_what_it_has_not_begun(world: World, rows: Rows, change: str) -> None:
    created = await world.acme.create(trigger(delay="1h"))
    await rows.dispatched("waiting", firing="fired", trigger_id=UUID(created["id"]))
    path = f"/api/v1/triggers/{created['id']}"
    method, path = ("DELETE", path) if change == "delete" else ("PATCH", f"{path}/disable")
    assert (await world.acme.call(method, path)).status == 200
    assert await rows.state_of("waiting") == "cancelled"


@pytest.mark.requirement("R1.11")
async def test_what_is_in_flight_finishes_where_that_is_asked_for(world: World, rows: Rows) -> None:
    created = await world.acme.create(trigger(delay="1h"))
    path = f"/api/v1/triggers/{created['id']}"
    await rows.dispatched("waiting", firing="fired", trigger_id=UUID(created["id"]))
    finishing = await world.acme.call("PATCH", f"{path}/disable?in_flight=finish")
    assert finishing.json["enabled"] is False
    assert await rows.state_of("waiting") == "due"
    repeated = await world.acme.call("PATCH", f"{path}/disable")
    assert repeated.json["revision"] == finishing.json["revision"]
    assert await rows.state_of("waiting") == "cancelled"


async def test_replacing_an_enabled_trigger_by_a_disabled_one_cancels_too(world: World, rows: Rows) -> None:
    created = await world.acme.create(trigger())
    await rows.dispatched("waiting", firing="fired", trigger_id=UUID(created["id"]))
    path = f"/api/v1/triggers/{created['id']}"
    assert (await world.acme.call("PUT", path, trigger(name="Still on"))).json["enabled"] is True
    assert await rows.state_of("waiting") == "due"
    assert (await world.acme.call("PUT", path, trigger(enabled=False))).json["enabled"] is False
    assert await rows.state_of("waiting") == "cancelled"


@pytest.mark.requirement("R14.4")
async def test_every_instant_is_rfc_3339_in_utc(world: World, rows: Rows) -> None:
    created = await world.acme.create(trigger())
    await rows.event("root")
    await rows.firing("first", event="root", trigger_id=UUID(created["id"]))
    await rows.ended("emit", "succeeded", firing="first")
    await rows.dispatched("call", firing="first")
    await rows.outcome("first", "succeeded", event="root")
    paths = [f"/api/v1/triggers/{created['id']}", "/api/v1/triggers", "/api/v1/triggers/log"]
    answers = [await world.acme.call("GET", path) for path in (*paths, f"/api/v1/chains/{named('root')}")]
    instants = [found for answer in answers for found in instants_in(answer.json)]
    assert {name for name, _ in instants} >= {"created_at", "updated_at", "active_since", "at", "ended_at", "due_at"}
    for name, value in instants:
        assert value is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value), name


def instants_in(value: object) -> Iterator[tuple[str, Any]]:
    """Every member that says when."""
    if isinstance(value, list):
        for element in value:
            yield from instants_in(element)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name.endswith("_at") or name in {"at", "active_since"}:
                yield name, member
            yield from instants_in(member)
