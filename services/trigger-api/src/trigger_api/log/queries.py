"""Reading the log from the audit's view. Called by `routes`."""

from __future__ import annotations

from ensue.postgres.database import Database
from trigger_api.log.models import LogFilter, LogPage, LogRow
from trigger_api.paging import Position, decode_cursor, encode_cursor
from trigger_api.sql import statements


async def read_log(database: Database, tenant: str, asked: LogFilter) -> LogPage:
    """One page, newest first. Raises Unavailable."""
    after = decode_cursor(asked.cursor) if asked.cursor is not None else None
    async with database.transaction(tenant) as connection:
        await connection.execute(statements("log")["plan_for_these_filters"])
        found = await connection.fetch(
            statements("log")["log_page"],
            tenant,
            asked.trigger_id,
            asked.correlation_id,
            asked.status,
            after.at if after else None,
            after.id if after else None,
            asked.limit + 1,
        )
    rows = [LogRow.model_validate(dict(row)) for row in found[: asked.limit]]
    last = rows[-1] if len(found) > asked.limit else None
    return LogPage(items=rows, next_cursor=encode_cursor(Position(last.at, last.firing_id)) if last else None)
