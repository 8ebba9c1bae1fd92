"""Reading a chain: what the audit has of it, and what the dispatcher still has in hand. Called by `routes`."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from ensue.postgres.database import Connection, Database, Record
from trigger_api.chains.models import Chain
from trigger_api.chains.rules import ActionRow, ChainRows, EventRow, FiringRow, build_chain
from trigger_api.problems import not_found
from trigger_api.sql import statements

MOST_ROWS: Final = 5_000  # of each kind


async def read_chain(database: Database, tenant: str, correlation_id: UUID) -> Chain:
    """The tree of the chain; a Problem (404) where this tenant has none of that id. Raises Unavailable."""
    async with database.transaction(tenant) as connection:
        rows = await _rows(connection, tenant, correlation_id)
    if not rows:
        raise not_found("chain (what has just been published may take a moment to be recorded)")
    return build_chain(correlation_id, rows)


async def _rows(connection: Connection, tenant: str, correlation_id: UUID) -> ChainRows:
    async def fetch(name: str) -> list[Record]:
        return await connection.fetch(statements("chains")[name], tenant, correlation_id, MOST_ROWS + 1)

    found = [await fetch(name) for name in ("chain_events", "chain_firings", "chain_actions", "chain_dispatched")]
    events, firings, ended, dispatched = found
    return ChainRows(
        events=[_event(row) for row in events[:MOST_ROWS]],
        firings=[FiringRow(**dict(row)) for row in firings[:MOST_ROWS]],
        # The audit's account of an action comes first and counts; until it has one, the dispatcher's does.
        actions=[ActionRow(**dict(row)) for row in (*ended[:MOST_ROWS], *dispatched[:MOST_ROWS])],
        truncated=any(len(rows) > MOST_ROWS for rows in found),
    )


def _event(row: Record) -> EventRow:
    values = dict(row)
    return EventRow(id=values.pop("event_id"), **values)
