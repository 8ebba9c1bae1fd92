"""Databases: the stack's own, and those of tests, made by copying a migrated template in a tenth of a second.

The template's name carries a fingerprint of everything it was made from: it is made once, under a lock, and is used
again by later runs and by all workers of a run. Called by the supervisor and by the pytest plugin.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

from ensue.postgres.database import Connection, Database
from ensue.postgres.migrate import bootstrap_roles, migrate, url_for_role
from ensue.postgres.queries import Queries
from ensue_devstack.schemas import Schema, fingerprint, installed_schemas
from ensue_devstack.servers import role_password, with_database

TEMPLATE_PREFIX = "ensue_template_"
COPY_PREFIX = "ensue_test_"
PATIENCE_SECONDS = 120.0  # copying under load, or waiting for another's template


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
    async with administration(server_url) as administrator:
        await administrator.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"', timeout=PATIENCE_SECONDS)
        await administrator.execute(_queries()["remember_template"], template, name)
        await administrator.execute(_queries()["copy_grants"])
    return ScratchDatabase(name, with_database(server_url, name))


async def drop_database(server_url: str, name: str) -> None:
    """Drop it, whoever is still connected."""
    async with administration(server_url) as administrator:
        await administrator.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', timeout=PATIENCE_SECONDS)


async def make_database(server_url: str, name: str) -> str:
    """The address of the database `name`, which is made if it is not there."""
    async with administration(server_url) as administrator:
        if not await administrator.fetchval(_queries()["exists"], name):
            await administrator.execute(f'CREATE DATABASE "{name}"', timeout=PATIENCE_SECONDS)
    return with_database(server_url, name)


async def prepare_database(admin_url: str, schemas: Sequence[Schema]) -> None:
    """Roles, schemas and all migrations in one database. Runs again without harm."""
    await asyncio.to_thread(bootstrap_roles, admin_url, role_password(admin_url))
    for schema in schemas:
        await asyncio.to_thread(migrate, admin_url, schema.name, schema.migrations)


async def ensure_template(server_url: str) -> str:
    """The name of the template for the migrations as they are installed now."""
    schemas = installed_schemas()
    name = TEMPLATE_PREFIX + fingerprint(schemas)
    async with administration(server_url) as administrator:
        if not await administrator.fetchval(_queries()["exists"], name):
            await administrator.execute(_queries()["lock_templates"], timeout=PATIENCE_SECONDS)
            if not await administrator.fetchval(_queries()["exists"], name):  # another made it while this one waited
                await _make_template(administrator, server_url, name, schemas)
    return name


async def drop_leftovers(server_url: str) -> None:
    """Drop what killed runs left, and templates of other migrations. Only where nobody else uses the server."""
    current = TEMPLATE_PREFIX + fingerprint(installed_schemas())
    async with administration(server_url) as administrator:
        for prefix in (COPY_PREFIX, TEMPLATE_PREFIX):
            for row in await administrator.fetch(_queries()["left_behind"], prefix):
                if row["datname"] != current:
                    await administrator.execute(
                        f'DROP DATABASE "{row["datname"]}" WITH (FORCE)', timeout=PATIENCE_SECONDS
                    )


@asynccontextmanager
async def administration(server_url: str) -> AsyncIterator[Connection]:
    """One connection as the administrator, for statements that may take their time."""
    database = await Database.open(server_url, application_name="ensue devstack", max_size=1)
    try:
        async with database.connection() as connection:
            await connection.execute(_queries()["be_patient"])
            yield connection
    finally:
        await database.close()


async def _make_template(administrator: Connection, server_url: str, name: str, schemas: Sequence[Schema]) -> None:
    """Made under another name and renamed when it is whole, so that nobody ever copies half a template."""
    unfinished = f"{name}_unfinished"
    await administrator.execute(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)', timeout=PATIENCE_SECONDS)
    await administrator.execute(f'CREATE DATABASE "{unfinished}"', timeout=PATIENCE_SECONDS)
    await prepare_database(with_database(server_url, unfinished), schemas)
    await administrator.execute(f'ALTER DATABASE "{unfinished}" WITH ALLOW_CONNECTIONS false')
    await administrator.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')


@cache
def _queries() -> Queries:
    return Queries.load("ensue_devstack", "databases.sql")
