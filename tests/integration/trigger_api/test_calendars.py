"""Calendars over HTTP: put, read, list, delete; triggers that name them; a save and a deletion at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.trigger_api.world import ACME, Answer, Client, World, trigger

from ensue.core.calendars import CalendarId, CalendarRemoval
from ensue.core.json import Json
from ensue.postgres.database import Database
from ensue.wire.calendars import CalendarRecord, decode_calendar, is_calendar_record
from ensue.wire.topics import Topic
from ensue_devstack.databases import ScratchDatabase

PATH = "/api/v1/calendars"
FREEZE = f"{PATH}/studio-freeze"
DAYS: list[Json] = ["2026-11-27", "--12-25", {"from": "2026-12-24", "to": "2027-01-02"}]
ROUNDS = 20


def freeze(*days: Any) -> dict[str, Any]:  # noqa: ANN401  # any entry of a calendar
    """The document of a calendar."""
    return {"description": "When nothing may be generated.", "dates": list(days)}


def asking(calendar: str = "studio-freeze", /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any field of a trigger
    """A trigger that does not fire on the days of a calendar."""
    return trigger(where={"not": {"field": "now", "op": "calendar", "value": calendar}}, **changes)


async def put(client: Client, name: str = "studio-freeze", *days: Any) -> dict[str, Any]:  # noqa: ANN401  # any entry
    """A calendar that is in force."""
    answer = await client.call("PUT", f"{PATH}/{name}", freeze(*days))
    assert answer.status in (200, 201), answer.text
    saved: dict[str, Any] = answer.json
    return saved


async def said(world: World) -> list[CalendarRecord | CalendarRemoval]:
    """What the topic of the triggers says of calendars."""
    records = [record for record in await world.records(Topic.TRIGGERS) if is_calendar_record(record.headers)]
    return [decode_calendar(record.key, record.value, record.headers) for record in records]


async def test_a_calendar_is_put_read_replaced_and_deleted(world: World) -> None:
    created = await world.acme.call("PUT", FREEZE, freeze(*DAYS))
    assert (created.status, created.headers["Location"], created.headers["ETag"]) == (201, FREEZE, '"1"'), created.text
    assert (created.json["dates"], created.json["in_force"], created.json["project"]) == (DAYS, True, ACME)
    read = await world.acme.call("GET", FREEZE)
    assert (read.status, read.json, read.headers["ETag"]) == (200, created.json, '"1"')
    replaced = await world.acme.call("PUT", FREEZE, freeze("2027-01-01"))
    assert (replaced.status, replaced.json["revision"], replaced.json["dates"]) == (200, 2, ["2027-01-01"])
    deleted = await world.acme.call("DELETE", FREEZE)
    assert (deleted.status, deleted.json["revision"]) == (200, 3)
    assert deleted.json["deleted_at"] is not None
    assert [(await world.acme.call(method, FREEZE)).status for method in ("GET", "DELETE")] == [404, 404]
    assert (await world.acme.call("GET", PATH)).json["items"] == []


async def test_what_is_answered_can_be_sent_back(world: World) -> None:
    documents: list[dict[str, Any]] = [freeze(*DAYS), {"dates": []}]
    for document in documents:
        saved = (await world.acme.call("PUT", FREEZE, document)).json
        sent = {name: saved[name] for name in ("name", "description", "dates")}
        assert (await world.acme.call("PUT", FREEZE, sent)).json == saved


async def test_what_is_saved_is_on_the_topic_with_its_revision(world: World) -> None:
    await put(world.acme, "studio-freeze", *DAYS)
    await world.acme.call("DELETE", FREEZE)
    await put(world.acme, "studio-freeze", "2027-01-01")
    identity = CalendarId(ACME, "studio-freeze")
    assert await said(world) == [
        CalendarRecord(identity, 1, DAYS),
        CalendarRemoval(identity, 2),
        CalendarRecord(identity, 3, ["2027-01-01"]),
    ]


async def test_putting_what_is_there_changes_nothing(world: World) -> None:
    first = await put(world.acme, "studio-freeze", *DAYS)
    again = await world.acme.call("PUT", FREEZE, {**freeze(*DAYS), "name": "studio-freeze"})
    assert (again.status, again.json) == (200, first)
    assert len(await said(world)) == 1


async def test_a_change_may_be_meant_for_one_revision(world: World) -> None:
    early = await world.acme.call("PUT", FREEZE, freeze(), headers={"If-Match": "*"})
    assert early.status == 412, "there is none yet"
    assert (await world.acme.call("GET", FREEZE)).status == 404
    await put(world.acme)
    answers = await asyncio.gather(
        *(
            world.acme.call("PUT", FREEZE, freeze(f"2026-01-0{number}"), headers={"If-Match": '"1"'})
            for number in (1, 2)
        )
    )
    assert sorted(answer.status for answer in answers) == [200, 412]
    assert (await world.acme.call("DELETE", FREEZE, headers={"If-Match": '"1"'})).status == 412
    assert (await world.acme.call("DELETE", FREEZE, headers={"If-Match": '"2"'})).status == 200


async def test_creations_at_once_are_one_calendar(world: World) -> None:
    answers = await asyncio.gather(
        *(world.acme.call("PUT", FREEZE, freeze(f"2026-01-0{number}")) for number in range(1, 9))
    )
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert sorted(answer.json["revision"] for answer in answers) == list(range(1, 9))


@pytest.mark.parametrize(
    ("document", "pointers"),
    [
        ({}, ["/dates"]),
        ({"dates": "2026-01-01"}, ["/dates"]),
        ({"dates": ["2026-02-30", "--02-30", "tomorrow", 7]}, [f"/dates/{number}" for number in range(4)]),
        (
            {"dates": [{"from": "2026-01-02", "to": "2026-01-01"}, {"from": "2026-01-01"}]},
            ["/dates/0/to", "/dates/1/to"],
        ),
        ({"dates": [{"from": "1000-01-01", "to": "2026-01-01"}]}, ["/dates"]),
        ({"dates": [], "name": "another"}, ["/name"]),
        ({"dates": [], "zone": "Europe/Berlin"}, ["/zone"]),
    ],
    ids=["missing", "no list", "no days", "ranges", "too many", "another name", "unknown"],
)
async def test_a_wrong_calendar_is_refused_with_every_place(
    world: World, document: dict[str, Any], pointers: list[str]
) -> None:
    answer = await world.acme.call("PUT", FREEZE, document)
    assert (answer.status, answer.pointers) == (400, pointers), answer.text


async def test_a_name_that_no_calendar_can_have_is_refused(world: World) -> None:
    answer = await world.acme.call("PUT", f"{PATH}/Studio%20Freeze", freeze())
    assert (answer.status, answer.pointers) == (400, ["/path/name"])
    assert [(await world.acme.call(method, f"{PATH}/A")).status for method in ("GET", "DELETE")] == [404, 404]


async def test_lists_are_paged_by_name_and_show_the_tenants_own(world: World) -> None:
    names = ["a", "a-b", "a.b", "b", "z"]
    for name in reversed(names):
        await put(world.acme, name)
    await put(world.globex, "theirs")
    found: list[str] = []
    cursor = ""
    while True:
        page = (await world.acme.call("GET", f"{PATH}?limit=2{cursor}")).json
        found += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == names
    assert (await world.acme.call("GET", f"{PATH}/theirs")).status == 404
    assert (await world.acme.call("DELETE", f"{PATH}/theirs")).status == 404
    assert (await world.acme.call("GET", f"{PATH}?cursor=A%20b")).status == 400


async def test_a_trigger_may_name_only_a_calendar_that_there_is(world: World) -> None:
    await put(world.globex)
    unknown = await world.acme.call("POST", "/api/v1/triggers", asking("studio-freez"))
    assert (unknown.status, unknown.pointers) == (400, ["/where/not/value"])
    assert "none" in unknown.json["errors"][0]["expected"]
    await put(world.acme)
    misspelt = await world.acme.call("POST", "/api/v1/triggers", asking("studio-freez", name=""))
    assert misspelt.pointers == ["/name", "/where/not/value"]
    assert misspelt.json["errors"][1] == {
        "pointer": "/where/not/value",
        "message": 'names no calendar that there is; did you mean "studio-freeze"?',
        "expected": "the name of a known calendar: studio-freeze",
    }
    created = await world.acme.create(asking())
    path = f"/api/v1/triggers/{created['id']}"
    for method, document in (("PUT", asking("holidays")), ("PATCH", {"where": asking("holidays")["where"]})):
        refused = await world.acme.call(method, path, document)
        assert (refused.status, refused.pointers) == (400, ["/where/not/value"])
    assert (await world.acme.call("GET", path)).json["where"] == asking()["where"]


async def test_a_calendar_that_a_trigger_names_is_not_deleted(world: World) -> None:
    await put(world.acme)
    user = await world.acme.create(asking(name="Frozen", enabled=False))
    path = f"/api/v1/triggers/{user['id']}"
    refused = await world.acme.call("DELETE", FREEZE)
    assert (refused.status, refused.json["type"]) == (409, "urn:ensue:problem:conflict"), refused.text
    assert refused.json["errors"][0]["message"] == f'is used by the trigger "Frozen" ({user["id"]})'
    await world.acme.call("PATCH", f"{path}/enable")
    assert (await world.acme.call("DELETE", FREEZE)).status == 409, "a switch changes nothing about what it names"
    await world.acme.call("PATCH", path, {"where": None})
    assert (await world.acme.call("DELETE", FREEZE)).status == 200
    await put(world.acme)
    await world.acme.call("PUT", path, asking())
    assert (await world.acme.call("DELETE", FREEZE)).status == 409
    await world.acme.call("DELETE", path)
    assert (await world.acme.call("DELETE", FREEZE)).status == 200


async def test_of_a_save_and_a_deletion_at_once_one_sees_the_other(world: World) -> None:
    """Whatever the order, no trigger is left that names a calendar which nobody has."""
    seen = set()
    for _ in range(ROUNDS):
        await put(world.acme)
        saved, deleted = await asyncio.gather(
            world.acme.call("POST", "/api/v1/triggers", asking()), world.acme.call("DELETE", FREEZE)
        )
        seen.add((saved.status, deleted.status))
        assert (saved.status == 201) is (deleted.status == 409), (saved.text, deleted.text)
        if saved.status == 201:
            assert (await world.acme.call("DELETE", f"/api/v1/triggers/{saved.json['id']}")).status == 200
    assert seen <= {(201, 409), (400, 200), (409, 200)}


@pytest.mark.parametrize("first", ["save", "deletion"])
async def test_the_second_of_the_two_waits_for_the_first(world: World, database: ScratchDatabase, first: str) -> None:
    """The first is held open, so that the second must wait and then look again."""
    await put(world.acme)
    user = await world.acme.create(trigger())
    statements = {
        "save": (
            "SELECT name FROM triggers.calendar FOR SHARE",
            "INSERT INTO triggers.calendar_use SELECT tenant, trigger_id, 'studio-freeze' FROM triggers.trigger",
        ),
        "deletion": ("UPDATE triggers.calendar SET deleted_at = clock_timestamp()",),
    }
    held = await Database.open(database.url("ensue_trigger_api"), application_name="held", max_size=2)
    try:
        async with held.transaction(ACME) as connection:
            for statement in statements[first]:
                await connection.execute(statement)
            second = asyncio.create_task(_second(world.acme, first, user["id"]))
            await _until_somebody_waits(world.database)
            assert not second.done()
        assert (await second).status == 409
    finally:
        await held.close()


async def _second(client: Client, first: str, user: str) -> Answer:
    if first == "save":
        return await client.call("DELETE", FREEZE)
    return await client.call("PUT", f"/api/v1/triggers/{user}", asking())


async def _until_somebody_waits(database: Database) -> None:
    async with asyncio.timeout(10):
        while True:
            async with database.transaction() as connection:
                if await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    return
            await asyncio.sleep(0)


async def test_the_evaluator_reads_the_calendars_of_all_tenants(world: World, database: ScratchDatabase) -> None:
    for client in (world.acme, world.globex):
        await put(client, "studio-freeze", *DAYS)
    await world.globex.call("DELETE", FREEZE)
    evaluator = await Database.open(database.url("ensue_evaluator"), application_name="evaluator", max_size=1)
    try:
        async with evaluator.transaction() as connection:
            rows = await connection.fetch("SELECT * FROM triggers.v_calendar ORDER BY tenant")
    finally:
        await evaluator.close()
    assert [(row["tenant"], row["revision"], row["deleted"]) for row in rows] == [(ACME, 1, False), ("globex", 2, True)]
    assert rows[0]["dates"] == DAYS
