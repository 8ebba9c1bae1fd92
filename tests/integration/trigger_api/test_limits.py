"""What no index leads to is counted and capped for each tenant and event type, also where two save at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from tests.integration.trigger_api.test_problems import assert_problem
from tests.integration.trigger_api.world import ACME, Answer, Client, World, running_api, trigger

from ensue.matching.indexability import WHAT_HELPS
from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.servers import Servers
from trigger_api.questions.queries import COUNTED_ALREADY
from trigger_api.sql import statements

LIMIT = 2
DENIAL = {"not": {"field": "data.state", "op": "eq", "value": "draft"}}
NAMED = {"field": "data.state", "op": "eq", "value": "draft"}
WHY = "it denies something, and an index finds what is there"
TRIGGERS = "/api/v1/triggers"


@pytest_asyncio.fixture
async def small(servers: Servers, database: ScratchDatabase, topic_prefix: str) -> AsyncIterator[World]:
    """An API that takes two unindexed triggers for each type."""
    url = database.url("ensue_trigger_api")
    async with running_api(url, servers.kafka_bootstrap, topic_prefix, max_unindexed=LIMIT) as running:
        yield running


def denying(*types: str, **changes: object) -> dict[str, Any]:
    """A trigger that no index leads to."""
    return trigger(where=DENIAL, when={"event": {"types": list(types or ("variant.approved",))}}, **changes)


async def counts(client: Client) -> dict[str, int]:
    """What is counted, by type."""
    limits = (await client.call("GET", f"{TRIGGERS}/limits")).json["unindexed_triggers"]
    assert limits["limit"] == LIMIT
    return {each["event_type"]: each["count"] for each in limits["event_types"]}


def assert_full(answer: Answer, event_type: str = "variant.approved") -> None:
    """It says which condition is unindexed, why, and what would help."""
    assert_problem(answer, 409)
    assert answer.json["type"] == "urn:ensue:problem:limit-reached"
    (fault,) = answer.json["errors"]
    assert fault["pointer"] == "/where"
    assert fault["message"] == (
        f"would be asked about every event of type {event_type}, as 2 enabled triggers of this project are already; "
        f"at most 2 may be. Why: {WHY}"
    )
    assert fault["expected"] == WHAT_HELPS


async def test_one_more_than_the_limit_is_refused_with_what_would_help(small: World) -> None:
    call = small.acme.call
    first = await small.acme.create(denying())
    assert first["warnings"] == [{"pointer": "/where", "message": f"is asked about every event of its type: {WHY}"}]
    await small.acme.create(denying("variant.approved", "variant.made"))
    assert_full(await call("POST", TRIGGERS, denying()))
    assert_full(await call("POST", TRIGGERS, denying("variant.gone", "variant.approved")))
    assert await counts(small.acme) == {"variant.approved": 2, "variant.made": 1}
    helped = denying()
    helped["where"] = {"all": [DENIAL, NAMED]}
    assert (await call("POST", TRIGGERS, trigger(where=NAMED))).status == 201, "an index leads to it"
    assert (await call("POST", TRIGGERS, helped)).status == 400, "that can never be true"
    helped["where"] = {"all": [DENIAL, {**NAMED, "field": "subject"}]}
    assert (await call("POST", TRIGGERS, helped)).status == 201
    assert (await call("POST", TRIGGERS, trigger())).status == 201, "no condition costs nothing but its firings"
    assert (await call("POST", TRIGGERS, denying("variant.made"))).status == 201, "of that type there was one"
    assert (await small.globex.call("POST", TRIGGERS, denying())).status == 201, "another tenant pays for itself"


@pytest.mark.parametrize(
    ("where", "always"),
    [
        ({"field": "id", "op": "exists"}, "is true for every event"),
        (
            {"not": {"field": "type", "op": "eq", "value": "variant.gone"}},
            "is true for every event that the trigger listens to",
        ),
        ({"cel": "1 < 2"}, "is true for every event"),
    ],
    ids=["a test", "a denial", "an expression"],
)
async def test_what_is_always_true_and_counts_is_told_before_and_at_the_save(
    small: World, where: dict[str, Any], always: str
) -> None:
    checked = (await small.acme.call("POST", f"{TRIGGERS}/validate", trigger(where=where))).json
    saved = await small.acme.create(trigger(where=where))
    assert checked["unindexed"] is not None
    assert await counts(small.acme) == {"variant.approved": 1}
    assert checked["warnings"] == saved["warnings"]
    assert saved["warnings"] == [
        {"pointer": "/where", "message": always},
        {
            "pointer": "/where",
            "message": f"is asked about every event of its type: {checked['unindexed']}; left out, the trigger fires "
            "on the same events and does not count towards the limit of such triggers",
        },
    ]


async def test_every_way_to_one_more_is_counted(small: World) -> None:
    call = small.acme.call
    one, two = [await small.acme.create(denying()) for _ in range(2)]
    free = await small.acme.create(trigger(where=NAMED))
    off = await small.acme.create(denying(enabled=False))
    other = await small.acme.create(denying("variant.made"))
    path = {name: f"{TRIGGERS}/{each['id']}" for name, each in
            {"one": one, "two": two, "free": free, "off": off, "other": other}.items()}  # fmt: skip
    assert_full(await call("PATCH", path["free"], {"where": {**DENIAL, "field": None, "op": None, "value": None}}))
    assert_full(await call("PUT", path["free"], denying()))
    assert_full(await call("PATCH", f"{path['off']}/enable"))
    assert_full(await call("PATCH", path["off"], {"enabled": True}))
    assert_full(
        await call("PATCH", path["other"], {"when": {"event": {"types": ["variant.made", "variant.approved"]}}})
    )
    assert await counts(small.acme) == {"variant.approved": 2, "variant.made": 1}
    await call("PATCH", f"{path['one']}/disable")
    assert (await call("PATCH", f"{path['off']}/enable")).status == 200
    assert_full(await call("PATCH", f"{path['one']}/enable"))
    await call("DELETE", path["two"])
    assert (await call("PATCH", f"{path['one']}/enable")).status == 200
    assert (await call("PATCH", path["one"], {"where": {**NAMED, "not": None}})).status == 200
    assert (await call("PUT", path["free"], denying())).status == 200


async def test_who_is_charged_already_may_always_edit(small: World) -> None:
    created = [await small.acme.create(denying("variant.approved", "variant.made")) for _ in range(2)]
    path = f"{TRIGGERS}/{created[0]['id']}"
    assert (await small.acme.call("PATCH", path, {"name": "Another"})).status == 200
    assert (await small.acme.call("PUT", path, denying("variant.made"))).status == 200
    assert (await small.acme.call("PUT", path, denying("variant.made", "variant.gone"))).status == 200
    assert await counts(small.acme) == {"variant.made": 2, "variant.approved": 1, "variant.gone": 1}


async def test_saves_at_once_do_not_pass_the_limit_together(small: World) -> None:
    sent = [small.acme.call("POST", TRIGGERS, denying(name=f"Number {number}")) for number in range(12)]
    statuses = [answer.status for answer in await asyncio.gather(*sent)]
    assert sorted(statuses) == [201] * LIMIT + [409] * 10
    assert await counts(small.acme) == {"variant.approved": LIMIT}


async def test_the_second_of_two_saves_waits_for_the_first_to_count_it(small: World) -> None:
    """A transaction that has taken the lock and not ended holds the other back, and is counted by it."""
    await small.acme.create(denying())
    off = await small.acme.create(denying(enabled=False))
    async with small.database.transaction(ACME) as connection:
        await connection.execute(statements("triggers", "costs.sql")["lock_unindexed"], ACME)
        saving = asyncio.create_task(small.acme.call("POST", TRIGGERS, denying()))
        await connection.execute(
            "UPDATE triggers.trigger SET enabled = true WHERE trigger_id = $1::text::uuid", off["id"]
        )
        waiting = False
        while not waiting:
            waiting = await connection.fetchval(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
            )
    assert_full(await saving)


async def test_the_list_can_show_what_is_charged(small: World) -> None:
    charged = await small.acme.create(denying())
    free = await small.acme.create(trigger(where=NAMED))
    for asked, wanted in (("true", charged), ("false", free)):
        (item,) = (await small.acme.call("GET", f"{TRIGGERS}?unindexed={asked}")).json["items"]
        assert item["id"] == wanted["id"]


async def test_with_no_room_at_all_a_tenant_may_still_disable_and_delete(
    servers: Servers, database: ScratchDatabase, topic_prefix: str
) -> None:
    url = database.url("ensue_trigger_api")
    async with running_api(url, servers.kafka_bootstrap, topic_prefix) as before:
        created = await before.acme.create(denying())
    async with running_api(url, servers.kafka_bootstrap, topic_prefix, max_unindexed=0) as after:
        path = f"{TRIGGERS}/{created['id']}"
        assert (await after.acme.call("POST", TRIGGERS, denying())).status == 409
        assert (await after.acme.call("PATCH", path, {"name": "Renamed"})).status == 200
        assert (await after.acme.call("PATCH", f"{path}/disable")).status == 200
        assert (await after.acme.call("PATCH", f"{path}/enable")).status == 409
        assert (await after.acme.call("DELETE", path)).status == 200


@pytest.mark.requirement("R3.17")
async def test_what_a_save_would_refuse_is_not_valid(small: World) -> None:
    for _ in range(LIMIT):
        await small.acme.create(denying())
    checked = (await small.acme.call("POST", f"{TRIGGERS}/validate", denying())).json
    assert checked["valid"] is False
    assert [error["pointer"] for error in checked["errors"]] == ["/where"]
    off = (await small.acme.call("POST", f"{TRIGGERS}/validate", denying(enabled=False))).json
    assert (off["valid"], off["unindexed"]) == (True, WHY)


async def test_validate_says_that_it_judges_an_edit_as_one_more(small: World) -> None:
    created = [await small.acme.create(denying()) for _ in range(LIMIT)]
    (error,) = (await small.acme.call("POST", f"{TRIGGERS}/validate", denying())).json["errors"]
    assert error["expected"] == f"{WHAT_HELPS}; {COUNTED_ALREADY}"
    assert (await small.acme.call("PUT", f"{TRIGGERS}/{created[0]['id']}", denying())).status == 200


async def test_what_was_saved_before_there_was_a_limit_counts_from_its_next_save_on(
    small: World, database: ScratchDatabase
) -> None:
    """As the migration leaves it; it may be refused, and be disabled and deleted all the same."""
    old = await small.acme.create(denying())
    admin = await asyncpg.connect(database.admin_url)
    try:
        await admin.execute("UPDATE triggers.trigger SET unindexed = false")
    finally:
        await admin.close()
    path = f"{TRIGGERS}/{old['id']}"
    others = [await small.acme.create(denying()) for _ in range(LIMIT)]
    assert_full(await small.acme.call("PATCH", path, {"name": "Another"}))
    assert (await small.acme.call("PATCH", f"{path}/disable")).status == 200
    await small.acme.call("DELETE", f"{TRIGGERS}/{others[0]['id']}")
    assert (await small.acme.call("PATCH", f"{path}/enable")).status == 200
    assert await counts(small.acme) == {"variant.approved": LIMIT}
