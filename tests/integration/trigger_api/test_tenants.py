"""Two tenants, side by side: neither sees, changes or meets anything of the other's, by any route or by SQL."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest
from tests.integration.trigger_api.world import ACME, GLOBEX, World, trigger
from tests.support.eventually import eventually

from ensue.postgres.database import Database
from ensue_devstack.databases import ScratchDatabase
from trigger_api.keys.commands import revoke_key

TABLES = ("api_key", "calendar", "calendar_use", "trigger", "trigger_revision", "outbox")


def everything(table: str) -> str:
    """A query without any predicate."""
    return f"SELECT * FROM triggers.{table}"  # noqa: S608 - names from this file


async def test_the_things_of_another_tenant_are_not_found(world: World) -> None:
    theirs = await world.globex.create(trigger(name="Theirs"))
    mine = await world.acme.create(trigger(name="Theirs"))
    path = f"/api/v1/triggers/{theirs['id']}"
    attempts = [
        await world.acme.call("GET", path),
        await world.acme.call("PUT", path, trigger()),
        await world.acme.call("PATCH", path, {"name": "Mine"}),
        await world.acme.call("PATCH", f"{path}/disable"),
        await world.acme.call("PATCH", f"{path}/enable"),
        await world.acme.call("DELETE", path),
    ]
    assert [answer.status for answer in attempts] == [404] * len(attempts)
    assert [item["id"] for item in (await world.acme.call("GET", "/api/v1/triggers")).json["items"]] == [mine["id"]]
    untouched = await world.globex.call("GET", path)
    assert untouched.json == theirs


@pytest.mark.requirement("R1.19")
async def test_a_trigger_belongs_to_the_tenant_of_its_key(world: World) -> None:
    for document in (trigger(), trigger(project=ACME), trigger(project=None)):
        assert (await world.acme.create(document))["project"] == ACME
    refused = await world.acme.call("POST", "/api/v1/triggers", trigger(project=GLOBEX))
    assert (refused.status, refused.pointers) == (403, ["/project"])
    mine = await world.acme.create(trigger())
    for method in ("PUT", "PATCH"):
        moved = await world.acme.call(method, f"/api/v1/triggers/{mine['id']}", trigger(project=GLOBEX))
        assert moved.status == 403
    assert (await world.globex.call("GET", "/api/v1/triggers")).json["items"] == []


async def test_the_database_itself_keeps_tenants_apart(world: World, database: ScratchDatabase) -> None:
    for client in (world.acme, world.globex):
        await client.create(trigger())
    direct = await Database.open(database.url("ensue_trigger_api"), application_name="direct", max_size=1)
    try:
        for table in TABLES:
            async with direct.transaction(ACME) as connection:
                assert {row["tenant"] for row in await connection.fetch(everything(table))} <= {ACME}, table
            if table != "outbox":  # the relay, which has no tenant, reads it all
                async with direct.transaction() as connection:
                    assert await connection.fetch(everything(table)) == [], table
        for view in ("v_ruleset", "v_revision"):
            async with direct.transaction(ACME) as connection:
                assert {row["tenant"] for row in await connection.fetch(everything(view))} == {ACME}
        for change in (
            "INSERT INTO triggers.api_key (key_id, tenant, secret_hash)"
            " VALUES (repeat('0', 16), 'globex', repeat('x', 32)::bytea)",
            "UPDATE triggers.trigger SET tenant = 'globex'",
            "DELETE FROM triggers.trigger",
            "DELETE FROM triggers.calendar",
            "INSERT INTO triggers.calendar (tenant, name, revision, dates, created_by)"
            " VALUES ('globex', 'theirs', 1, '[]', 'acme')",
            "UPDATE triggers.trigger_revision SET name = 'rewritten'",
            "DELETE FROM triggers.trigger_revision",
            "TRUNCATE triggers.trigger_revision",
            "UPDATE triggers.api_key SET tenant = 'globex'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with direct.transaction(ACME) as connection:
                    await connection.execute(change)
    finally:
        await direct.close()


async def test_every_table_of_a_tenant_is_guarded(database: ScratchDatabase) -> None:
    admin = await asyncpg.connect(database.admin_url)
    try:
        rows = await admin.fetch(
            "SELECT relname, relrowsecurity AND relforcerowsecurity AS guarded FROM pg_class"
            " WHERE relnamespace = 'triggers'::regnamespace AND relkind = 'r' AND relname <> 'schema_migrations'"
        )
    finally:
        await admin.close()
    assert {row["relname"]: row["guarded"] for row in rows} == dict.fromkeys(TABLES, True)


async def test_the_evaluator_reads_the_ruleset_of_all_tenants(world: World, database: ScratchDatabase) -> None:
    made = {(await client.create(trigger()))["id"] for client in (world.acme, world.globex)}
    evaluator = await Database.open(database.url("ensue_evaluator"), application_name="evaluator", max_size=1)
    try:
        async with evaluator.transaction() as connection:
            rows = await connection.fetch("SELECT * FROM triggers.v_ruleset")
        assert {row["trigger_id"] for row in rows} == {UUID(each) for each in made}
        assert all(row["document"]["name"] == trigger()["name"] for row in rows)
    finally:
        await evaluator.close()


async def test_a_revoked_key_is_refused(world: World) -> None:
    client = await world.client(ACME)
    assert client.key is not None
    assert (await client.call("GET", "/api/v1/triggers")).status == 200
    assert not await revoke_key(world.database, client.key.key_id, tenant=GLOBEX)
    assert await revoke_key(world.database, client.key.key_id, tenant=ACME)

    async def refused() -> None:
        assert (await client.call("GET", "/api/v1/triggers")).status == 401

    await eventually(refused)
