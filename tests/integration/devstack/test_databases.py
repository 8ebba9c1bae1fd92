"""The template database: made once whoever asks, copied with all that it grants, remade when migrations change."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from ensue_devstack.databases import (
    COPY_PREFIX,
    ScratchDatabase,
    administration,
    clone_database,
    drop_database,
    ensure_template,
    make_database,
)
from ensue_devstack.schemas import installed_schemas
from ensue_devstack.servers import Servers

ROLES = ("ensue_trigger_api", "ensue_evaluator", "ensue_dispatcher", "ensue_audit")


@pytest.fixture
async def copies(servers: Servers) -> AsyncIterator[list[ScratchDatabase]]:
    """Three copies that were asked for at once."""
    copies = await asyncio.gather(*(clone_database(servers.database_url) for _ in range(3)))
    yield list(copies)
    for copy in copies:
        await drop_database(servers.database_url, copy.name)


async def test_several_who_ask_at_once_get_copies_of_one_template(
    servers: Servers, copies: list[ScratchDatabase]
) -> None:
    assert len({copy.name for copy in copies}) == 3
    template = await ensure_template(servers.database_url)
    async with administration(servers.database_url) as administrator:
        names = {row["datname"] for row in await administrator.fetch("SELECT datname FROM pg_database")}
    assert template in names
    assert f"{template}_unfinished" not in names
    assert {copy.name for copy in copies} <= {name for name in names if name.startswith(COPY_PREFIX)}


async def test_a_copy_has_every_schema_migrated(database: ScratchDatabase) -> None:
    connection = await asyncpg.connect(database.admin_url)
    for schema in installed_schemas():
        files = len(list(schema.migrations.glob("*.sql")))
        applied = await connection.fetch(f"TABLE {schema.name}.schema_migrations")
        assert len(applied) == files
    await connection.close()


@pytest.mark.parametrize("role", ROLES)
async def test_each_service_connects_to_a_copy_as_its_own_role(database: ScratchDatabase, role: str) -> None:
    connection = await asyncpg.connect(database.url(role))
    assert await connection.fetchval("SELECT current_user") == role
    await connection.close()


async def test_others_may_no_more_connect_to_a_copy_than_to_the_original(database: ScratchDatabase) -> None:
    connection = await asyncpg.connect(database.admin_url)
    given = await connection.fetchval(
        "SELECT array_to_string(datacl, ' ') FROM pg_database WHERE datname = $1", database.name
    )
    await connection.close()
    assert {entry.partition("=")[0] for entry in given.split()} >= set(ROLES)
    assert not any(entry.startswith("=") for entry in given.split()), "PUBLIC has a right"


async def test_nobody_can_connect_to_the_template_and_so_keep_it_from_being_copied(servers: Servers) -> None:
    template = await ensure_template(servers.database_url)
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="not currently accepting connections"):
        await asyncpg.connect(servers.database_url, database=template)


async def test_a_database_is_made_once(servers: Servers) -> None:
    name = COPY_PREFIX + secrets.token_hex(6)
    first = await make_database(servers.database_url, name)
    assert await make_database(servers.database_url, name) == first
    await drop_database(servers.database_url, name)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(first)
