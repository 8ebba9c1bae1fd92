"""The event journal as these tests use it: events in, and out again which of them a WHERE takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from ensue.core.conditions.sql import Where
from ensue.core.event import Event
from ensue.wire import strict_json

_INSERT = """
INSERT INTO audit.event (
    at, record_id, tenant, event_id, source, type, subject, entity_type, time, correlation_id, depth, data, extensions,
    topic, partition, "offset"
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $2, 0, $10, '{}', 'ensue.events', 0, $11)
"""


@dataclass(frozen=True)
class Journal:
    """`audit.event`, as the migrations make it."""

    connection: asyncpg.Connection[asyncpg.Record]

    async def keep(self, events: Sequence[Event], at: datetime) -> None:
        """Append events that all arrived at one instant; the n-th is known as n."""
        await self.connection.execute("SELECT audit.ensure_partitions(ARRAY[$1::date])", at.date())
        await self.connection.executemany(_INSERT, [_row(event, number, at) for number, event in enumerate(events)])

    async def taken(self, where: Where) -> set[int]:
        """The numbers of the events that a WHERE with the alias `e` takes."""
        rows = await self.connection.fetch(
            f'SELECT e."offset" FROM audit.event AS e WHERE {where.text}',  # noqa: S608  # what is under test
            *where.parameters,
        )
        return {row["offset"] for row in rows}

    async def clear(self) -> None:
        """Forget every event."""
        await self.connection.execute("TRUNCATE audit.event")

    async def plan(self, where: Where) -> str:
        """How PostgreSQL would find the events that a WHERE takes."""
        rows = await self.connection.fetch(
            f"EXPLAIN SELECT FROM audit.event AS e WHERE {where.text}",  # what is under test
            *where.parameters,
        )
        return "\n".join(row[0] for row in rows)


def _row(event: Event, number: int, at: datetime) -> tuple[object, ...]:
    data = None if event.data is None else strict_json.encode(event.data).decode()
    return (
        at, UUID(int=number), event.tenant, event.id, event.source, event.type, event.subject, event.entity_type,
        event.time, data, number,
    )  # fmt: skip
