"""Which failures of the driver mean "PostgreSQL is away, try again", which that its address or what is behind it is
wrong, and which are defects that must not be retried.
"""

from __future__ import annotations

from types import TracebackType

import asyncpg

from ensue.core.errors import InvalidValue, Unavailable

UniqueViolation = asyncpg.UniqueViolationError
"""A unique key already holds this value. This and VALUE_REFUSED are all that callers are meant to catch."""

VALUE_REFUSED = (asyncpg.DataError, asyncpg.exceptions.ProgramLimitExceededError)
"""PostgreSQL cannot hold a value: out of range, U+0000, too large for an index. Said by the server or the driver."""

# The driver lost step with a connection, as when the server ended it between two statements. It must not be used again.
OUT_OF_STEP = asyncpg.exceptions.InternalClientError

# Connection lost or refused; shutdown, crash, start-up, statement timeout (57xxx); no resources (53xxx);
# deadlock and serialization (40xxx): the transaction is undone and may be repeated as it is.
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    OUT_OF_STEP,
)


# Said to a new connection: no such role, a wrong password, no such database, an address that means nothing.
_WRONG_ADDRESS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.exceptions.ClientConfigurationError,
)
_WRONG_OPTION = (asyncpg.UndefinedObjectError, asyncpg.InvalidParameterValueError)  # as `?client_encoding=x`
# Said to a statement of ours: the schema was not made, or not all of it.
_UNPREPARED = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
)

# Said to a statement these are defects; said to a new connection, an administrator has closed the database for now.
_CLOSED_FOR_NOW = asyncpg.exceptions.ObjectNotInPrerequisiteStateError


class DatabaseUnfit(InvalidValue):
    """PostgreSQL answers, but refuses what the address names, or was not prepared; asking again changes nothing."""


def wrong_address(error: BaseException) -> DatabaseUnfit | None:
    """What a new connection failed of as DatabaseUnfit, or None where it is something else. Shows no password."""
    if isinstance(error, (*_WRONG_ADDRESS, *_WRONG_OPTION)):
        return DatabaseUnfit(f"PostgreSQL refuses the address of the database: {_line(error)}")
    return None


def unprepared(error: BaseException) -> DatabaseUnfit | None:
    """What a statement of ours failed of as DatabaseUnfit, or None where it is something else."""
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return DatabaseUnfit(f"PostgreSQL: the role in the address of the database may not do this: {_line(error)}")
    if isinstance(error, _UNPREPARED):
        return DatabaseUnfit(f"PostgreSQL: a schema is missing or of another version (run `migrate`): {_line(error)}")
    return None


def _line(error: BaseException) -> str:
    """What the server said, its details and hints in the same line."""
    return " ".join(str(error).split())


def unavailable(
    error: BaseException, *, connection_closed: bool = False, connecting: bool = False
) -> Unavailable | None:
    """`error` as Unavailable, or None where it is not PostgreSQL being away.

    connecting: whether there was no connection yet.
    connection_closed: whether the connection in use is closed; an InterfaceError of the driver is a defect of the
    caller (wrong number of arguments, two queries at once) unless it is.
    """
    if isinstance(error, asyncpg.exceptions.ClientConfigurationError):
        return None
    if isinstance(error, _AWAY) or (connecting and isinstance(error, _CLOSED_FOR_NOW)):
        return Unavailable(f"PostgreSQL: {type(error).__name__}: {error}")
    if isinstance(error, asyncpg.InterfaceError) and connection_closed:
        return Unavailable(f"PostgreSQL: the connection was lost: {error}")
    if isinstance(error, OSError) and _through_driver(error.__traceback__):
        return Unavailable(f"PostgreSQL does not answer: {type(error).__name__}: {error}".rstrip(": "))
    return None


def _through_driver(traceback: TracebackType | None) -> bool:
    """Whether the error came up through the driver: an OSError or timeout of the caller's own is none of ours."""
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__", "").partition(".")[0] == "asyncpg":
            return True
        traceback = traceback.tb_next
    return False
