"""Connections and transactions: tenants apart; PostgreSQL being away is `Unavailable`, a defect of ours is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import asyncpg
import pytest
import pytest_asyncio
from tests.integration.postgres.conftest import Scratch
from tests.integration.postgres.cuttable import CuttableWay, cuttable
from tests.support.eventually import eventually

from ensue.core.errors import InvalidValue, Unavailable
from ensue.core.json import Json
from ensue.postgres.database import Connection, Database, Timeouts
from ensue.postgres.errors import DatabaseUnfit, UniqueViolation
from ensue.runtime.health import Health

QUICK = Timeouts(connect=0.5, acquire=0.2, statement=0.3, answer=0.6, idle_in_transaction=0.8, check=0.3, close=0.5)
ADD = "INSERT INTO triggers.thing (tenant, name, document) VALUES ($1, $2, $3)"
NAMES = "SELECT name FROM triggers.thing ORDER BY name"


async def names(conn: Connection) -> list[str]:
    return [row["name"] for row in await conn.fetch(NAMES)]


@pytest_asyncio.fixture
async def quick(scratch: Scratch) -> AsyncIterator[Database]:
    """One connection, little patience."""
    database = await Database.open(
        scratch.url("ensue_trigger_api"), application_name="quick", min_size=0, max_size=1, timeouts=QUICK
    )
    yield database
    await database.close()


@pytest_asyncio.fixture
async def over_a_way(scratch: Scratch) -> AsyncIterator[tuple[CuttableWay, Database]]:
    """A database reached over a way that can be cut."""
    async with cuttable(scratch.url("ensue_trigger_api")) as (way, url):
        database = await Database.open(url, application_name="far", max_size=2, timeouts=QUICK)
        yield way, database
        await database.close()


class TestTenants:
    async def test_two_tenants_do_not_see_each_other(self, database: Database) -> None:
        for tenant in ("studio", "agency"):
            async with database.transaction(tenant) as conn:
                await conn.execute(ADD, tenant, f"{tenant}'s", None)
        for tenant in ("studio", "agency"):
            async with database.transaction(tenant) as conn:
                assert await names(conn) == [f"{tenant}'s"]

    async def test_without_a_tenant_nothing_is_seen_and_nothing_written(self, database: Database) -> None:
        async with database.transaction("studio") as conn:
            await conn.execute(ADD, "studio", "a", None)
        async with database.transaction() as conn:
            assert await names(conn) == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with database.transaction() as conn:
                await conn.execute(ADD, "studio", "b", None)

    async def test_a_tenant_cannot_write_for_another(self, database: Database) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with database.transaction("studio") as conn:
                await conn.execute(ADD, "agency", "a", None)

    async def test_the_tenant_ends_with_its_transaction(self, quick: Database) -> None:
        async with quick.transaction("studio") as conn:
            await conn.execute(ADD, "studio", "a", None)
        async with quick.transaction() as conn:
            assert await names(conn) == []
        with pytest.raises(KeyError):
            async with quick.transaction("studio") as conn:
                raise KeyError
        async with quick.connection() as conn:
            assert await names(conn) == []

    async def test_an_empty_tenant_is_refused(self, database: Database) -> None:
        with pytest.raises(InvalidValue, match="not empty"):
            async with database.transaction(""):
                pytest.fail("it began")

    async def test_an_all_tenant_role_sees_all_and_writes_nothing(self, scratch: Scratch, database: Database) -> None:
        async with database.transaction("studio") as conn:
            await conn.execute(ADD, "studio", "a", None)
        evaluator = await Database.open(scratch.url("ensue_evaluator"), application_name="evaluator")
        async with evaluator.transaction() as conn:
            assert await names(conn) == ["a"]
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            async with evaluator.transaction() as conn:
                await conn.execute(ADD, "studio", "b", None)
        await evaluator.close()


class TestTransactions:
    async def test_an_exception_undoes_everything(self, database: Database) -> None:
        async def change_my_mind() -> None:
            async with database.transaction("studio") as conn:
                await conn.execute(ADD, "studio", "a", None)
                raise ValueError("changed my mind")

        with pytest.raises(ValueError, match="changed my mind"):
            await change_my_mind()
        async with database.transaction("studio") as conn:
            assert await names(conn) == []

    @pytest.mark.parametrize("document", [None, {"a": [1, 2.5, "ü", None, True]}, [], "text", 0, {"deep": {"er": {}}}])
    async def test_json_comes_back_as_it_went(self, database: Database, document: object) -> None:
        async with database.transaction("studio") as conn:
            await conn.execute(ADD, "studio", "a", document)
            assert await conn.fetchval("SELECT document FROM triggers.thing") == document

    async def test_what_a_session_sets_does_not_reach_the_next_user(self, quick: Database) -> None:
        async with quick.connection() as conn:
            await conn.execute("SET ensue.tenant = 'studio'")
        async with quick.transaction() as conn:
            assert await conn.fetchval("SELECT current_setting('ensue.tenant', true)") in (None, "")


class TestAway:
    async def test_a_killed_backend_is_unavailable_and_the_next_transaction_works(
        self, scratch: Scratch, database: Database
    ) -> None:
        async def write_twice() -> None:
            async with database.transaction("studio") as conn:
                await conn.execute(ADD, "studio", "a", None)
                assert await scratch.terminate("the test") >= 1
                await conn.execute(ADD, "studio", "b", None)

        with pytest.raises(Unavailable):
            await write_twice()
        async with database.transaction("studio") as conn:
            assert await names(conn) == []

    async def test_a_backend_killed_before_the_commit_is_unavailable(
        self, scratch: Scratch, database: Database
    ) -> None:
        async def write_and_lose_it() -> None:
            async with database.transaction("studio") as conn:
                await conn.execute(ADD, "studio", "a", None)
                assert await scratch.terminate("the test") >= 1

        with pytest.raises(Unavailable):
            await write_and_lose_it()

    async def test_a_cut_way_is_unavailable_and_a_mended_one_works_again(
        self, over_a_way: tuple[CuttableWay, Database]
    ) -> None:
        way, database = over_a_way

        async def write_over_the_cut() -> None:
            async with database.transaction("studio") as conn:
                await way.cut()
                await conn.execute(ADD, "studio", "a", None)

        await database.check()
        with pytest.raises(Unavailable):
            await write_over_the_cut()
        with pytest.raises(Unavailable):
            await database.check()
        await way.mend()
        await database.check()

    async def test_a_silent_server_is_unavailable(self, over_a_way: tuple[CuttableWay, Database]) -> None:
        way, database = over_a_way

        async def write_into_silence() -> None:
            async with database.transaction("studio") as conn:
                way.freeze()
                await conn.execute(ADD, "studio", "a", None)

        with pytest.raises(Unavailable):
            await write_into_silence()
        with pytest.raises(Unavailable):
            await database.check()

    async def test_nobody_listening_is_unavailable_at_once_or_at_first_use(self) -> None:
        nowhere = "postgres://nobody@127.0.0.1:1/nothing"
        with pytest.raises(Unavailable, match="PostgreSQL does not answer"):
            await Database.open(nowhere, application_name="x")
        patient = await Database.open(nowhere, application_name="x", min_size=0)
        with pytest.raises(Unavailable, match="PostgreSQL does not answer"):
            await patient.check()
        await patient.close()

    async def test_no_free_connection_is_unavailable(self, quick: Database) -> None:
        async with quick.transaction():
            with pytest.raises(Unavailable, match="does not answer"):
                async with quick.transaction():
                    pytest.fail("there is only one connection")

    async def test_a_statement_over_its_time_is_unavailable(self, quick: Database) -> None:
        with pytest.raises(Unavailable, match="statement timeout"):
            async with quick.transaction() as conn:
                await conn.execute("SELECT pg_sleep(5)")

    async def test_a_transaction_left_idle_is_ended_by_the_server(self, quick: Database) -> None:
        async def dawdle() -> None:
            async with quick.transaction() as conn:
                await eventually(partial(is_closed, conn))
                await conn.execute("SELECT 1")

        with pytest.raises(Unavailable):
            await dawdle()
        await quick.check()

    async def test_a_deadlock_is_unavailable_because_repeating_helps(self, database: Database) -> None:
        first_locked, second_locked = asyncio.Event(), asyncio.Event()

        async def lock(one: int, other: int, mine: asyncio.Event, theirs: asyncio.Event) -> None:
            async with database.transaction() as conn:
                await conn.execute("SELECT pg_advisory_xact_lock($1)", one)
                mine.set()
                await theirs.wait()
                await conn.execute("SELECT pg_advisory_xact_lock($1)", other)

        results = await asyncio.gather(
            lock(1, 2, first_locked, second_locked),
            lock(2, 1, second_locked, first_locked),
            return_exceptions=True,
        )
        assert [type(result) for result in results if result is not None] == [Unavailable]


def is_closed(conn: Connection) -> None:
    assert conn.is_closed()


class TestDefects:
    """What is wrong with us, not with the server, passes through as it is."""

    async def test_wrong_sql(self, database: Database) -> None:
        with pytest.raises(asyncpg.PostgresSyntaxError):
            async with database.transaction() as conn:
                await conn.execute("SELEKT 1")

    async def test_wrong_arguments(self, database: Database) -> None:
        with pytest.raises(asyncpg.InterfaceError, match="expects 0 arguments"):
            async with database.transaction() as conn:
                await conn.fetch(NAMES, "too many")

    async def test_a_taken_key(self, database: Database) -> None:
        async with database.transaction("studio") as conn:
            await conn.execute(ADD, "studio", "a", None)
        with pytest.raises(UniqueViolation):
            async with database.transaction("studio") as conn:
                await conn.execute(ADD, "studio", "a", None)

    @pytest.mark.parametrize("error", [FileNotFoundError("a file"), TimeoutError("mine"), ConnectionResetError("mine")])
    async def test_an_os_error_of_the_body_is_not_postgresql_being_away(
        self, database: Database, error: OSError
    ) -> None:
        with pytest.raises(type(error), match=str(error)):
            async with database.transaction():
                raise error

    async def test_a_database_that_is_not_there(self, scratch: Scratch) -> None:
        with pytest.raises(DatabaseUnfit, match="does not exist"):
            await Database.open(scratch.admin_url + "x", application_name="x")


async def test_json_comes_back_as_it_was_stored_integers_of_any_size_too(quick: Database) -> None:
    content: Json = {"n": [10**30, -(2**64), 2**53 + 1, 1, True, 1.5, None], "text": "ü"}
    async with quick.transaction() as conn:
        assert await conn.fetchval("SELECT $1::jsonb", content) == content


async def test_health_names_the_database_while_it_is_away(over_a_way: tuple[CuttableWay, Database]) -> None:
    way, database = over_a_way
    health = Health()
    health.register("database", database.check)
    health.set_ready()
    assert (await health.report()).status == "ready"
    await way.cut()
    report = await health.report()
    assert report.status == "not_ready"
    assert "PostgreSQL" in str(report.components["database"].reason)
    await way.mend()
    assert (await health.report()).status == "ready"
