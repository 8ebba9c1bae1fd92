"""Roles and migrations: any number of times, several at once, by an owner that is not the role which runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
from tests.integration.postgres.conftest import Scratch

from ensue.core.errors import InvalidValue, Unavailable
from ensue.postgres.migrate import MigrationFailed, bootstrap_roles, migrate, url_for_role

BAD = "CREATE TABLE triggers.half (a int);\nCREATE TABLE triggers.thing (a unknown_type);"
OURS = [
    *("ensue_triggers_owner", "ensue_dispatch_owner", "ensue_audit_owner", "ensue_all_tenants"),
    *("ensue_trigger_api", "ensue_evaluator", "ensue_dispatcher", "ensue_audit"),
]


def write(directory: Path, name: str, up: str) -> None:
    (directory / name).write_text(f"-- migrate:up\n{up}\n-- migrate:down\n")


async def ask(scratch: Scratch, sql: str, *arguments: object) -> list[asyncpg.Record]:
    admin = await asyncpg.connect(scratch.admin_url)
    try:
        return list(await admin.fetch(sql, *arguments))
    finally:
        await admin.close()


class TestMigrations:
    async def test_up_twice_applies_once(self, empty: Scratch, migrations: Path) -> None:
        await empty.bootstrap()
        assert await empty.migrate(migrations) == 2
        assert await empty.migrate(migrations) == 0

    async def test_a_new_migration_is_applied_alone(self, scratch: Scratch, migrations: Path) -> None:
        write(migrations, "0003_more.sql", "CREATE TABLE triggers.more (a int);")
        assert await scratch.migrate(migrations) == 1

    async def test_several_at_once_apply_each_migration_once(self, empty: Scratch, migrations: Path) -> None:
        await asyncio.gather(*(empty.bootstrap() for _ in range(4)))
        assert sorted(await asyncio.gather(*(empty.migrate(migrations) for _ in range(4)))) == [0, 0, 0, 2]

    async def test_the_owner_owns_what_is_made_and_the_journal_of_migrations_lies_in_the_schema(
        self, scratch: Scratch
    ) -> None:
        rows = await ask(scratch, "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'triggers'")
        assert {row["tablename"] for row in rows} == {"thing", "outbox", "schema_migrations"}
        assert {row["tableowner"] for row in rows} == {"ensue_triggers_owner"}

    async def test_a_wrong_migration_says_what_the_database_said_and_leaves_nothing_half_done(
        self, scratch: Scratch, migrations: Path
    ) -> None:
        write(migrations, "0003_bad.sql", BAD)
        with pytest.raises(MigrationFailed, match=r"(?s)0003_bad\.sql.*unknown_type") as failed:
            await scratch.migrate(migrations)
        assert "postgres://" not in str(failed.value)
        [row] = await ask(scratch, "SELECT to_regclass('triggers.half') AS half")
        assert row["half"] is None
        write(migrations, "0003_bad.sql", "SELECT 1;")
        assert await scratch.migrate(migrations) == 1

    async def test_a_migration_older_than_the_last_applied_is_refused(self, scratch: Scratch, migrations: Path) -> None:
        write(migrations, "0000_late.sql", "SELECT 1;")
        with pytest.raises(MigrationFailed, match="0000"):
            await scratch.migrate(migrations)

    async def test_a_migration_cannot_touch_another_schema(self, scratch: Scratch, migrations: Path) -> None:
        write(migrations, "0003_trespass.sql", "CREATE TABLE dispatch.mine (a int);")
        with pytest.raises(MigrationFailed, match="permission denied for schema dispatch"):
            await scratch.migrate(migrations)

    @pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
    def test_a_directory_without_migrations_is_an_error(self, tmp_path: Path, make: object) -> None:
        directory = tmp_path / "nothing"
        assert callable(make)
        make(directory)
        with pytest.raises(MigrationFailed, match="has no migrations"):
            migrate("postgres://nobody@127.0.0.1:1/nothing", "triggers", directory)

    def test_a_schema_that_is_none_of_ours_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidValue, match="none of triggers, dispatch, audit"):
            migrate("postgres://nobody@127.0.0.1:1/nothing", "public", tmp_path)

    def test_a_server_that_is_away_is_unavailable(self, migrations: Path) -> None:
        nowhere = "postgres://nobody@127.0.0.1:1/nothing"
        with pytest.raises(Unavailable):
            migrate(nowhere, "triggers", migrations)
        with pytest.raises(Unavailable):
            bootstrap_roles(nowhere, None)


class TestRoles:
    async def test_no_role_of_ours_can_bypass_row_level_security_and_owners_cannot_log_in(
        self, scratch: Scratch
    ) -> None:
        rows = await ask(
            scratch,
            "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb AS mighty"
            " FROM pg_roles WHERE rolname = any($1)",
            OURS,
        )
        assert {row["rolname"] for row in rows} == set(OURS)
        assert not [row["rolname"] for row in rows if row["mighty"]]
        assert {row["rolname"] for row in rows if row["rolcanlogin"]} == {
            "ensue_trigger_api",
            "ensue_evaluator",
            "ensue_dispatcher",
            "ensue_audit",
        }

    async def test_no_running_role_is_a_member_of_an_owner(self, scratch: Scratch) -> None:
        rows = await ask(
            scratch,
            "SELECT r.rolname, o.rolname AS owner FROM pg_roles r, pg_roles o"
            " WHERE r.rolcanlogin AND r.rolname = any($1) AND o.rolname = any($1) AND o.rolname ~ '_owner$'"
            " AND pg_has_role(r.oid, o.oid, 'MEMBER')",
            OURS,
        )
        assert rows == []

    async def test_every_table_with_a_tenant_forces_row_level_security(self, scratch: Scratch) -> None:
        rows = await ask(
            scratch,
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'"
            " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'triggers'::regnamespace"
            " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
        )
        assert rows == []

    async def test_the_public_may_do_nothing(self, scratch: Scratch) -> None:
        [row] = await ask(
            scratch,
            "SELECT has_database_privilege('public', current_database(), 'CONNECT, TEMPORARY') AS database,"
            " has_schema_privilege('public', 'public', 'USAGE, CREATE') AS schema",
        )
        assert tuple(row) == (False, False)

    async def test_a_service_sees_the_schemas_it_was_shown_only(self, scratch: Scratch) -> None:
        dispatcher = await asyncpg.connect(scratch.url("ensue_dispatcher"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="schema triggers"):
            await dispatcher.fetch("SELECT * FROM triggers.thing")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="schema public"):
            await dispatcher.execute("CREATE TABLE public.mine (a int)")
        await dispatcher.close()

    async def test_a_function_is_nobodys_until_it_is_granted(self, scratch: Scratch, migrations: Path) -> None:
        up = "CREATE FUNCTION triggers.give() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        write(migrations, "0003_function.sql", up)
        await scratch.migrate(migrations)
        api = await asyncpg.connect(scratch.url("ensue_trigger_api"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="function give"):
            await api.fetch("SELECT triggers.give()")
        await api.close()

    async def test_preparing_a_database_again_keeps_what_was_granted(self, scratch: Scratch) -> None:
        await scratch.bootstrap()
        evaluator = await asyncpg.connect(scratch.url("ensue_evaluator"))
        assert await evaluator.fetch("SELECT * FROM triggers.thing") == []
        await evaluator.close()


class TestUrls:
    @pytest.mark.parametrize(
        ("admin", "password", "expected"),
        [
            ("postgres://postgres:p@db:5432/ensue", "a:b@c/d", "postgres://role:a%3Ab%40c%2Fd@db:5432/ensue"),
            ("postgres://postgres@db/ensue?sslmode=require", None, "postgres://role@db/ensue?sslmode=require"),
            ("postgres:///ensue?host=/run/pg", None, "postgres://role@/ensue?host=/run/pg"),
            ("postgres://[::1]:5432/ensue", "x", "postgres://role:x@[::1]:5432/ensue"),
        ],
    )
    def test_another_role_in_the_same_database(self, admin: str, password: str | None, expected: str) -> None:
        assert url_for_role(admin, "role", password) == expected
