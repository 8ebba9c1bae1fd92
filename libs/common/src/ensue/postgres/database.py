"""One pool a process, and the only ways to a connection: a transaction (with its tenant) or a bare connection.

Built in each service's composition root; used by the modules that hold a service's SQL. PostgreSQL being away is
always `Unavailable`; anything else that goes wrong is a defect and passes through.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg
import msgspec
import orjson

from ensue.core.errors import InvalidValue
from ensue.core.json import Json
from ensue.postgres.errors import OUT_OF_STEP, unavailable, wrong_address

Record: TypeAlias = asyncpg.Record
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
_DriverConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

_JSONB_VERSION = b"\x01"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long PostgreSQL may take, in seconds, before it counts as away.

    answer: beyond the statement timeout, which the server keeps, the server itself is silent.
    """

    connect: float = 5.0
    acquire: float = 5.0
    statement: float = 5.0
    answer: float = 10.0
    idle_in_transaction: float = 15.0
    check: float = 2.0
    close: float = 5.0


class Database:
    """A pool of connections to one database as one role."""

    def __init__(self, pool: _Pool, timeouts: Timeouts) -> None:
        self._pool = pool
        self._timeouts = timeouts

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        application_name: str,
        min_size: int = 1,
        max_size: int = 10,
        timeouts: Timeouts = Timeouts(),
    ) -> Database:
        """Connect `min_size` connections now; with 0 it opens even while PostgreSQL is away.

        Raises Unavailable, DatabaseUnfit where role, password or database are wrong.
        """
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=min_size,
                max_size=max_size,
                timeout=timeouts.connect,
                command_timeout=timeouts.answer,
                init=_prepare,
                reset=_leave,
                server_settings=_server_settings(application_name, timeouts),
            )
        except Exception as error:
            if away := unavailable(error, connection_closed=True, connecting=True):
                raise away from error
            if wrong := wrong_address(error):
                raise wrong from error
            raise
        return cls(pool, timeouts)

    @asynccontextmanager
    async def transaction(self, tenant: str | None = None) -> AsyncIterator[Connection]:
        """A transaction, committed at the end, undone by an exception.

        tenant: row level security lets it see and write this tenant's rows only. Without it a role that is not one
        of the all-tenant roles sees nothing. An empty tenant is refused.
        """
        if tenant is not None and not tenant:
            raise InvalidValue("a transaction needs a tenant that is not empty")
        async with self._acquired() as connection, connection.transaction():
            if tenant is not None:
                await connection.execute("SELECT set_config('ensue.tenant', $1, true)", tenant)
            yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection outside any transaction; whatever the session sets is reset afterwards."""
        async with self._acquired() as connection:
            try:
                yield connection
            finally:
                if not _is_closed(connection):
                    await connection.reset()

    async def check(self) -> None:
        """Return if the database answers; raise Unavailable with the reason if not. For health."""
        seconds = self._timeouts.check
        async with self._acquired(seconds) as connection:
            await connection.execute("SELECT 1", timeout=seconds)

    async def close(self) -> None:
        """Give connections in use a moment, then close all."""
        try:
            async with asyncio.timeout(self._timeouts.close):
                await self._pool.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._pool.terminate()

    @asynccontextmanager
    async def _acquired(self, seconds: float | None = None) -> AsyncIterator[Connection]:
        closed, connecting = False, True
        try:
            async with self._pool.acquire(timeout=seconds or self._timeouts.acquire) as connection:
                connecting = False
                try:
                    yield connection
                except OUT_OF_STEP:
                    connection.terminate()
                    raise
                finally:
                    closed = _is_closed(connection)  # it cannot be asked any more once the pool has it back
        except Exception as error:
            if away := unavailable(error, connection_closed=closed, connecting=connecting):
                raise away from error
            raise


def _is_closed(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has taken it back by itself, because it was lost
        return True


def _server_settings(application_name: str, timeouts: Timeouts) -> dict[str, str]:
    return {
        "application_name": application_name,
        "statement_timeout": f"{timeouts.statement * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{timeouts.idle_in_transaction * 1000:.0f}",
        "timezone": "UTC",
    }


def _encode_jsonb(value: Json) -> bytes:
    try:
        return _JSONB_VERSION + orjson.dumps(value)
    except TypeError:  # as an integer of over 64 bits
        return _JSONB_VERSION + msgspec.json.encode(value)


def _decode_jsonb(value: bytes) -> Json:
    decoded: Json = msgspec.json.decode(value[1:])  # integers of any size exactly
    return decoded


async def _prepare(connection: _DriverConnection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )


async def _leave(_: _DriverConnection) -> None:
    """Nothing to reset after a transaction: what it set was local to it. `connection()` resets by itself."""
