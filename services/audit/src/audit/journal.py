"""The journal in PostgreSQL: appends rows, each once, and makes its partitions. Called by handler and keeper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from audit.rows import Kind, Row
from ensue.postgres.database import Connection, Database
from ensue.postgres.queries import Queries

ROWS_A_STATEMENT = 1000
FIRST_SEEN_KEPT = timedelta(days=36)  # the database itself refuses less than 35
FORGOTTEN_A_STATEMENT = 10_000

_QUERIES = Queries.load("audit")


class Journal:
    """Appends to the partitioned tables of the schema `audit` as the role `ensue_audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, rows: Mapping[Kind, Sequence[Row]]) -> dict[Kind, int]:
        """Append the rows in one transaction; how many of each kind were new.

        Raises Unavailable while PostgreSQL is away, and one of VALUE_REFUSED, nothing being kept, for a value that it
        cannot hold.
        """
        await self.ensure_partitions(_days(rows))
        async with self._database.transaction() as connection:
            return {kind: await _append(connection, kind, rows[kind]) for kind in Kind if rows.get(kind)}

    async def ensure_partitions(self, days: Iterable[date]) -> int:
        """Make the partitions of these days (UTC) where they are not there; how many days were new."""
        async with self._database.transaction() as connection:
            made: int = await connection.fetchval(_QUERIES["ensure_partitions"], sorted(set(days)))
            return made

    async def forget_first_seen(self, now: datetime) -> int:
        """Forget what was first seen so long ago that no topic can bring it again; how much that was."""
        forgotten = 0
        while True:
            async with self._database.transaction() as connection:
                statement = _QUERIES["forget_first_seen"]
                gone: int = await connection.fetchval(statement, now - FIRST_SEEN_KEPT, FORGOTTEN_A_STATEMENT)
            forgotten += gone
            if gone < FORGOTTEN_A_STATEMENT:
                return forgotten


def _days(rows: Mapping[Kind, Sequence[Row]]) -> set[date]:
    instants = (row[0] for some in rows.values() for row in some)
    return {instant.astimezone(UTC).date() for instant in instants if isinstance(instant, datetime)}


async def _append(connection: Connection, kind: Kind, rows: Sequence[Row]) -> int:
    statement = _QUERIES[f"append_{kind}"]
    return sum([_inserted(await connection.execute(statement, *zip(*some, strict=True))) for some in _portions(rows)])


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + ROWS_A_STATEMENT] for start in range(0, len(rows), ROWS_A_STATEMENT))


def _inserted(command_tag: str) -> int:
    """The count in "INSERT 0 <count>"."""
    return int(command_tag.rpartition(" ")[2])
