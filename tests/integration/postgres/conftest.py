"""A database of each test's own with one small migrated schema, made and dropped here; the real PostgreSQL."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from ensue.postgres.database import Database
from ensue.postgres.migrate import bootstrap_roles, migrate, url_for_role
from ensue_devstack.servers import Servers, role_password, with_database

OUTBOX = Path(__file__).parents[3] / "libs/common/src/ensue/postgres/outbox.sql"

THINGS = """
-- migrate:up
CREATE TABLE triggers.thing (
    tenant text NOT NULL,
    name text NOT NULL,
    document jsonb,
    PRIMARY KEY (tenant, name)
);
ALTER TABLE triggers.thing ENABLE ROW LEVEL SECURITY;
ALTER TABLE triggers.thing FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON triggers.thing TO ensue_trigger_api
USING (tenant = current_setting('ensue.tenant', true)) WITH CHECK (tenant = current_setting('ensue.tenant', true));
CREATE POLICY all_tenants ON triggers.thing FOR SELECT TO ensue_all_tenants USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON triggers.thing TO ensue_trigger_api;
GRANT USAGE ON SCHEMA triggers TO ensue_evaluator;
GRANT SELECT ON triggers.thing TO ensue_evaluator;

-- migrate:down
DROP TABLE triggers.thing;
"""

GRANT_OUTBOX = "GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO ensue_trigger_api;"


@dataclass(frozen=True)
class Scratch:
    """An empty database and its administrator's URL."""

    admin_url: str

    def url(self, role: str) -> str:
        """The URL of a service's role."""
        return url_for_role(self.admin_url, role, role_password(self.admin_url))

    async def bootstrap(self) -> None:
        """Roles and schemas."""
        await asyncio.to_thread(bootstrap_roles, self.admin_url, role_password(self.admin_url))

    async def migrate(self, directory: Path) -> int:
        """The migrations of a directory, in the schema triggers."""
        return await asyncio.to_thread(migrate, self.admin_url, "triggers", directory)

    async def terminate(self, application_name: str) -> int:
        """Kill the backends of an application; how many there were."""
        sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1"
        admin = await asyncpg.connect(self.admin_url)
        try:
            count: int = await admin.fetchval(sql, application_name)
            return count
        finally:
            await admin.close()


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A directory of good migrations: a tenant table, the outbox."""
    directory = tmp_path / "migrations"
    directory.mkdir()
    (directory / "0001_things.sql").write_text(THINGS)
    (directory / "0002_outbox.sql").write_text(
        f"-- migrate:up\n{OUTBOX.read_text()}\n{GRANT_OUTBOX}\n-- migrate:down\n"
    )
    return directory


@pytest_asyncio.fixture
async def empty(servers: Servers) -> AsyncIterator[Scratch]:
    """A database in which nothing is done yet."""
    name = f"ensue_pgrt_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(servers.database_url)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        yield Scratch(with_database(servers.database_url, name))
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


@pytest_asyncio.fixture
async def scratch(empty: Scratch, migrations: Path) -> Scratch:
    """A database with roles, schemas and the good migrations."""
    await empty.bootstrap()
    await empty.migrate(migrations)
    return empty


@pytest_asyncio.fixture
async def database(scratch: Scratch) -> AsyncIterator[Database]:
    """The scratch database as the role of trigger-api, which sees one tenant at a time."""
    database = await Database.open(scratch.url("ensue_trigger_api"), application_name="the test", max_size=4)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def relaying(scratch: Scratch) -> AsyncIterator[Database]:
    """The pool of a relay, apart from that of the writers."""
    database = await Database.open(scratch.url("ensue_trigger_api"), application_name="the relay", max_size=2)
    yield database
    await database.close()
