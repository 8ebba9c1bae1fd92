"""The journal in PostgreSQL: appends rows, each once, and makes its partitions. Called by handler and keeper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from audit.rows import Kind, Row
from ensue.postgres.database import Connection, Database
from ensue.postgres.queries import Queries

ROWS_A_STATEMENT = 1000
DAYS_A_STATEMENT = 3
FIRST_SEEN_KEPT = timedelta(days=36)  # the database itself refuses less than 35
FORGOTTEN_A_STATEMENT = 10_000

Value = TypeVar("Value")
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
        """Make the partitions of these days (UTC) where they are not there; how many days were new.

        A few days a statement: a month at once would not fit into the time that a statement has.
        """
        made = 0
        for some in _portions(sorted(set(days)), DAYS_A_STATEMENT):
            async with self._database.transaction() as connection:
                made += await connection.fetchval(_QUERIES["ensure_partitions"], some)
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
    statement, inserted = _QUERIES[f"append_{kind}"], 0
    for some in _portions(rows, ROWS_A_STATEMENT):
        inserted += _inserted(await connection.execute(statement, *zip(*some, strict=True)))
    return inserted


def _portions(values: Sequence[Value], size: int) -> Iterator[Sequence[Value]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _inserted(command_tag: str) -> int:
    """The count in "INSERT 0 <count>"."""
    return int(command_tag.rpartition(" ")[2])
