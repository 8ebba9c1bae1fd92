"""The event journal as these tests use it: events in, and out again which of them a WHERE takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from ensue.core.conditions.sql import Where
from ensue.core.event import Event
from ensue.core.lineage import Lineage
from ensue.wire import strict_json

_COLUMNS = """
    at, record_id, tenant, event_id, source, type, subject, entity_type, time, correlation_id, depth, data, extensions,
    topic, partition, "offset"
"""
_INSERT = f"""
INSERT INTO audit.event ({_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $2, 0, $10, '{{}}', 'ensue.events', 0, $11)
"""  # noqa: S608  # our own names
# Many events of one studio, spread over a day: few of each item, team and state, some of each type.
_FILL = f"""
INSERT INTO audit.event ({_COLUMNS})
SELECT
    $1::timestamptz + n * interval '1 ms', u, 'studio', 'e' || n, '/studio', 'variant.t' || n % 100, NULL, NULL, NULL,
    u, 0,
    jsonb_build_object(
        'n', n, 'score', n % 100 / 100.0, 'team', 't' || n % 200, 'tags', jsonb_build_array('rush', n % 300),
        'items', jsonb_build_array(jsonb_build_object('kind', 'k' || n % 700), jsonb_build_object('kind', 'other')),
        'before', jsonb_build_object('state', 's' || n % 500),
        'after', jsonb_build_object('state', 's' || (n + 1) % 500)
    ),
    '{{}}', 'ensue.events', 0, n
FROM (SELECT n, md5(n::text)::uuid AS u FROM generate_series(0, $2::integer - 1) AS n) AS many
"""  # noqa: S608  # our own names


@dataclass(frozen=True)
class Journal:
    """`audit.event`, as the migrations make it."""

    connection: asyncpg.Connection[asyncpg.Record]

    async def keep(self, events: Sequence[Event], at: datetime) -> None:
        """Append events that all arrived at one instant; the n-th is known as n."""
        await self.connection.execute("SELECT audit.ensure_partitions(ARRAY[$1::date])", at.date())
        await self.connection.executemany(_INSERT, [_row(event, number, at) for number, event in enumerate(events)])

    async def fill(self, count: int, at: datetime) -> None:
        """Append so many events that PostgreSQL has a choice how to find one, and let it look at them."""
        await self.connection.execute("SELECT audit.ensure_partitions(ARRAY[$1::date])", at.date())
        await self.connection.execute(_FILL, at, count)
        await self.connection.execute("ANALYZE audit.event")

    async def events(self) -> dict[int, Event]:
        """What is in it, as conditions see it."""
        rows = await self.connection.fetch('SELECT "offset", type, data FROM audit.event')
        lineage = Lineage(UUID(int=0))
        return {
            row["offset"]: Event(
                UUID(int=0), "studio", "", "/studio", row["type"], lineage, data=json.loads(row["data"])
            )
            for row in rows
        }

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

    async def plan(self, where: Where, and_also: str = "true", *, of: str = "audit.event") -> str:
        """How PostgreSQL would find the events that a WHERE takes."""
        rows = await self.connection.fetch(
            f"EXPLAIN SELECT FROM {of} AS e WHERE {where.text} AND {and_also}",  # what is under test
            *where.parameters,
        )
        return "\n".join(row[0] for row in rows)


def _row(event: Event, number: int, at: datetime) -> tuple[object, ...]:
    data = None if event.data is None else strict_json.encode(event.data).decode()
    return (
        at, UUID(int=number), event.tenant, event.id, event.source, event.type, event.subject, event.entity_type,
        event.time, data, number,
    )  # fmt: skip
