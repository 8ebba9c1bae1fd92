"""What the dispatcher publishes: views for other services, and nothing else; forced row security below them."""

from __future__ import annotations

import asyncpg
import pytest
from tests.integration.dispatcher.world import World, a_firing

from ensue.core.ids import action_id
from ensue.postgres.database import Database
from ensue_devstack.databases import ScratchDatabase

LOG = {"kind": "log"}
TABLES = ("firing", "action", "attempt", "outbox")


@pytest.mark.requirement("R13.18")
async def test_the_apis_role_reads_views_of_its_tenant_and_no_table(world: World, database: ScratchDatabase) -> None:
    for tenant in ("studio", "other"):
        await world.trigger(LOG, tenant=tenant)
        await world.take_in(a_firing(1, tenant=tenant, depth=2))
    api = await Database.open(database.url("ensue_trigger_api"), application_name="api test")
    async with api.transaction("studio") as conn:
        [action] = await conn.fetch("SELECT tenant, action_id, correlation_id, depth FROM dispatch.v_action")
        firings = await conn.fetch("SELECT tenant FROM dispatch.v_firing")
        assert await conn.fetch("SELECT tenant FROM dispatch.v_attempt") == []
    firing = a_firing(1, depth=2)
    expected = ("studio", action_id(firing.firing_id, "actions.0"), firing.lineage.correlation_id, 2)
    assert (tuple(action), [row["tenant"] for row in firings]) == (expected, ["studio"])
    async with api.transaction() as conn:
        assert await conn.fetch("SELECT tenant FROM dispatch.v_firing") == []
    for table in TABLES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with api.transaction("studio") as conn:
                await conn.fetch(f"SELECT * FROM dispatch.{table}")  # noqa: S608  # our own names
    await api.close()


async def test_every_table_forces_row_security_and_belongs_to_the_owner(world: World) -> None:
    rows = await world.rows(
        "SELECT relname, relrowsecurity, relforcerowsecurity, relowner::regrole::text AS owner FROM pg_class"
        " WHERE relnamespace = 'dispatch'::regnamespace AND relkind = 'r' AND relname <> 'schema_migrations'"
    )
    expected = {(name, True, True, "ensue_dispatch_owner") for name in TABLES}
    assert {tuple(row.values()) for row in rows} == expected


async def test_the_running_role_can_neither_delete_nor_truncate_history(world: World) -> None:
    for statement in ("DELETE FROM dispatch.firing", "TRUNCATE dispatch.action", "DROP TABLE dispatch.attempt"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with world.database.transaction() as conn:
                await conn.execute(statement)
