"""Reading triggers. Called by `routes`; `commands` shares the reading of a row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, cast
from uuid import UUID

from ensue.core.json import JsonObject
from ensue.postgres.database import Connection, Database, Record
from ensue.wire import strict_json
from trigger_api.paging import Position, decode_cursor, encode_cursor
from trigger_api.problems import not_found
from trigger_api.sql import statements
from trigger_api.triggers.drafts import Neighbour
from trigger_api.triggers.models import TriggerAnswer, TriggerFilter, TriggerPage, TriggerStatus, answer_of
from trigger_api.triggers.rules import Stored

MOST_COMPARED: Final = 50
MOST_SEEN: Final = 2_000
MAX_COMPARED_BYTES: Final = 16 * 1024


async def read_trigger(database: Database, tenant: str, trigger_id: UUID) -> TriggerAnswer:
    """One trigger; a Problem (404) where this tenant has none of that id. Raises Unavailable."""
    async with database.transaction(tenant) as connection:
        row = await connection.fetchrow(statements("triggers")["read_trigger"], tenant, trigger_id)
    if row is None:
        raise not_found("trigger")
    return _answer(row)


async def list_triggers(database: Database, tenant: str, asked: TriggerFilter) -> TriggerPage:
    """One page, newest first. Raises Unavailable."""
    after = decode_cursor(asked.cursor) if asked.cursor is not None else None
    async with database.transaction(tenant) as connection:
        await connection.execute(statements("triggers")["plan_for_these_filters"])
        found = await connection.fetch(
            statements("triggers")["list_triggers"],
            tenant,
            None if asked.status is None else asked.status is TriggerStatus.ACTIVE,
            asked.event_type,
            after.at if after else None,
            after.id if after else None,
            asked.limit + 1,
            asked.unindexed,
        )
    # Documents may be large, and their sentences are made here: meanwhile the loop serves others.
    items = await asyncio.to_thread(lambda: [_answer(row) for row in found[: asked.limit]])
    last = items[-1] if len(found) > asked.limit else None
    return TriggerPage(items=items, next_cursor=encode_cursor(Position(last.created_at, last.id)) if last else None)


def stored_of(row: Record) -> Stored:
    """The state in a row of `triggers.trigger`."""
    return Stored(
        tenant=row["tenant"],
        trigger_id=row["trigger_id"],
        revision=row["revision"],
        name=row["name"],
        enabled=row["enabled"],
        active_since=row["active_since"],
        event_types=tuple(row["event_types"]),
        document=cast("JsonObject", strict_json.decode(row["document"].encode())),
        created_by=row["created_by"],
        created_at=row["created_at"],
        cancel_before=row["cancel_before"],
        deleted_at=row["deleted_at"],
        unindexed=row["unindexed"],
    )


async def neighbours(
    connection: Connection, tenant: str, event_types: Sequence[str], but: UUID | None = None
) -> list[Neighbour]:
    """Enabled triggers that listen to one of the types, oldest first: at most MOST_COMPARED of the newest MOST_SEEN."""
    bounds = (MOST_COMPARED, MAX_COMPARED_BYTES, MOST_SEEN)
    rows = await connection.fetch(statements("triggers")["neighbours"], tenant, list(event_types), but, *bounds)
    return [Neighbour(row["trigger_id"], row["name"], row["document"]) for row in rows]


def _answer(row: Record) -> TriggerAnswer:
    return answer_of(stored_of(row), row["updated_at"], in_force=row["in_force"])
