"""Databases made by copying a migrated template, so that each test has its own in a tenth of a second.

The template's name carries a fingerprint of everything it was made from: it is made once, under a lock, and is used
again by later runs and by all workers of a run. Called by the pytest plugin.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from ensue.postgres.migrate import bootstrap_roles, migrate, url_for_role
from ensue_devstack.schemas import Schema, fingerprint, installed_schemas
from ensue_devstack.servers import role_password, with_database

TEMPLATE_PREFIX = "ensue_template_"
COPY_PREFIX = "ensue_test_"
LOCK = 0x656E7375  # "ensu": one maker of templates at a time on a server


@dataclass(frozen=True, slots=True)
class ScratchDatabase:
    """A database of one test, with every installed schema."""

    name: str
    admin_url: str

    def url(self, role: str) -> str:
        """The address under which a service connects as `role`, for example `ensue_dispatcher`."""
        return url_for_role(self.admin_url, role, role_password(self.admin_url))


async def clone_database(server_url: str) -> ScratchDatabase:
    """A fresh copy of the template, which is made first if this server has none yet."""
    name = COPY_PREFIX + secrets.token_hex(6)
    template = await ensure_template(server_url)
    async with _connected(server_url) as connection:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return ScratchDatabase(name, with_database(server_url, name))


async def drop_database(server_url: str, name: str) -> None:
    """Drop it, whoever is still connected."""
    async with _connected(server_url) as connection:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def ensure_template(server_url: str) -> str:
    """The name of the template for the migrations as they are installed now."""
    schemas = installed_schemas()
    name = TEMPLATE_PREFIX + fingerprint(schemas)
    async with _connected(server_url) as connection:
        if await _exists(connection, name):
            return name
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        if not await _exists(connection, name):
            await _make_template(connection, server_url, name, schemas)
    return name


async def prepare_database(admin_url: str, schemas: tuple[Schema, ...]) -> None:
    """Roles, schemas and all migrations in one database. Runs again without harm."""
    await bootstrap_roles(admin_url, role_password(admin_url))
    for schema in schemas:
        await migrate(admin_url, schema.name, schema.migrations)


async def _make_template(
    connection: asyncpg.Connection[asyncpg.Record], server_url: str, name: str, schemas: tuple[Schema, ...]
) -> None:
    """Made under another name and renamed when it is whole, so that nobody ever copies half a template."""
    unfinished = f"{name}_unfinished"
    await connection.execute(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
    await connection.execute(f'CREATE DATABASE "{unfinished}"')
    await prepare_database(with_database(server_url, unfinished), schemas)
    await connection.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
    await connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')


async def _exists(connection: asyncpg.Connection[asyncpg.Record], name: str) -> bool:
    return bool(await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name))


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
