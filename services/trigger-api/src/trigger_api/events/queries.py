"""Which actions the causation ids of incoming events name. Called by `commands`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from ensue.postgres.database import Database
from trigger_api.events.rules import Cause
from trigger_api.sql import statements


async def causes(database: Database, tenant: str, action_ids: Sequence[UUID]) -> Mapping[UUID, Cause]:
    """The tenant's actions among these; asks nobody where there are none. Raises Unavailable."""
    if not action_ids:
        return {}
    async with database.transaction(tenant) as connection:
        rows = await connection.fetch(statements("events")["causes"], tenant, action_ids)
    return {row["action_id"]: Cause(row["correlation_id"], row["depth"]) for row in rows}
