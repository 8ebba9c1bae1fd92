"""Roles on a server where they do not exist yet: several databases at once, passwords, an administrator of the cloud.

Roles belong to a whole server, so these tests start one of their own, which everybody needs a password for.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from tests.integration.postgres.test_wrong_address import said
from tests.support.eventually import eventually

from ensue.core.errors import Unavailable
from ensue.postgres.database import Database
from ensue.postgres.errors import DatabaseUnfit
from ensue.postgres.migrate import MigrationFailed, bootstrap_roles, migrate, url_for_role
from ensue.runtime.clock import SystemClock
from ensue_devstack.child import BackOff, Child, Probing
from ensue_devstack.layout import Layout, Secrets
from ensue_devstack.ports import kept_ports
from ensue_devstack.postgres_server import PostgresServer, remove_data
from ensue_devstack.servers import with_database


@pytest.fixture
def layout() -> Iterator[Layout]:
    """A folder for a server, where a user other than root can reach it too."""
    root = Path(tempfile.mkdtemp(prefix="ensue-pg-"))
    root.chmod(0o711)
    layout = Layout.of(root)
    layout.make()
    yield layout
    remove_data(layout)
    shutil.rmtree(root)


@pytest_asyncio.fixture
async def server_url(layout: Layout) -> AsyncIterator[str]:
    """The administrator's URL of a fresh server."""
    server = PostgresServer(layout, Secrets.kept(layout), kept_ports(layout, ["postgres"])["postgres"])
    child = Child(server.program(os.environ), SystemClock(), lambda: None, BackOff(), Probing())
    stopping = asyncio.Event()
    running = asyncio.create_task(child.run(stopping))
    try:
        await asyncio.wait_for(child.was_ready.wait(), 60)
        yield server.url
    finally:
        stopping.set()
        await running


async def run(url: str, *statements: str) -> None:
    admin = await asyncpg.connect(url)
    try:
        for statement in statements:
            await admin.execute(statement)
    finally:
        await admin.close()


async def bootstrap(url: str, password: str | None) -> None:
    await asyncio.to_thread(bootstrap_roles, url, password)


async def test_several_databases_are_prepared_at_once_while_no_role_exists_yet(server_url: str) -> None:
    names = [f"ensue_{number}" for number in range(6)]
    await run(server_url, *(f"CREATE DATABASE {name}" for name in names))
    await asyncio.gather(*(bootstrap(with_database(server_url, name), "hush") for name in names for _ in range(2)))
    for name in names:
        url = url_for_role(with_database(server_url, name), "ensue_dispatcher", "hush")
        database = await Database.open(url, application_name="x", max_size=1)
        async with database.transaction() as conn:
            assert await conn.fetchval("SELECT pg_has_role('ensue_all_tenants', 'USAGE')")
            assert await conn.fetchval("SELECT has_schema_privilege('dispatch', 'USAGE')")
        await database.close()


async def test_a_password_is_set_changed_and_left_alone(server_url: str) -> None:
    async def log_in(password: str) -> None:
        await (await asyncpg.connect(url_for_role(server_url, "ensue_audit", password))).close()

    await bootstrap(server_url, 'it\'s "first" \\')
    await log_in('it\'s "first" \\')
    await bootstrap(server_url, None)
    await log_in('it\'s "first" \\')
    await bootstrap(server_url, "second")
    await log_in("second")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await log_in('it\'s "first" \\')


async def test_a_wrong_password_is_a_fault_of_ours_and_not_the_server_being_away(server_url: str) -> None:
    await bootstrap(server_url, "right")
    wrong = url_for_role(server_url, "ensue_trigger_api", "wrong-one")
    with pytest.raises(DatabaseUnfit, match="password authentication failed"):
        await Database.open(wrong, application_name="x")
    code, err = await said(("trigger_api", "create-key", "--tenant", "acme"), wrong)
    assert (code, err.count("\n")) == (2, 1), err
    assert "password authentication failed" in err
    assert "wrong-one" not in err


@pytest.mark.parametrize("right", ["BYPASSRLS", "SUPERUSER"])
async def test_a_role_that_could_see_every_tenant_is_refused(server_url: str, right: str) -> None:
    await bootstrap(server_url, "hush")
    await run(server_url, f"ALTER ROLE ensue_trigger_api {right}")
    with pytest.raises(MigrationFailed, match="ensue_trigger_api may bypass row level security"):
        await bootstrap(server_url, "hush")


async def test_an_administrator_who_is_no_superuser_can_prepare_and_migrate(server_url: str, migrations: Path) -> None:
    await run(
        server_url,
        "CREATE ROLE operator LOGIN CREATEROLE CREATEDB PASSWORD 'op'",
        "CREATE DATABASE ensue OWNER operator",
    )
    operator = url_for_role(with_database(server_url, "ensue"), "operator", "op")
    for _ in range(2):
        await bootstrap(operator, "hush")
    assert await asyncio.to_thread(migrate, operator, "triggers", migrations) == 2
    assert await asyncio.to_thread(migrate, operator, "triggers", migrations) == 0


async def test_a_server_that_restarts_is_unavailable_and_then_answers_again(server_url: str) -> None:
    database = await Database.open(server_url, application_name="x", max_size=2)
    async with database.transaction() as conn:
        postmaster: int = await conn.fetchval("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int")
    os.kill(postmaster, 9)
    await eventually(partial(is_away, database))
    await eventually(partial(answers, database), within=60)
    await database.close()


async def is_away(database: Database) -> bool:
    try:
        await database.check()
    except Unavailable:
        return True
    raise AssertionError("it still answers")


async def answers(database: Database) -> bool:
    try:
        await database.check()
    except Unavailable as error:
        raise AssertionError(str(error)) from error
    return True
