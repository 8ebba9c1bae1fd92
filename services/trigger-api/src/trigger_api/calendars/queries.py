"""Reading calendars. Called by `routes`; `context_of` by whoever decides or explains conditions of a tenant."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.json import Json
from ensue.postgres.database import Connection, Database, Record
from ensue.wire import strict_json
from ensue.wire.calendars import parse_calendar
from trigger_api.calendars.models import CalendarAnswer, CalendarFilter, CalendarPage, answer_of
from trigger_api.calendars.rules import StoredCalendar
from trigger_api.problems import not_found
from trigger_api.sql import statements


async def read_calendar(database: Database, tenant: str, name: str) -> CalendarAnswer:
    """One calendar; a Problem (404) where this tenant has none of that name. Raises Unavailable."""
    async with database.transaction(tenant) as connection:
        row = await connection.fetchrow(statements("calendars")["read_calendar"], tenant, name)
    if row is None:
        raise not_found("calendar")
    return _answer(row)


async def list_calendars(database: Database, tenant: str, asked: CalendarFilter) -> CalendarPage:
    """One page, by name. Raises Unavailable."""
    query = statements("calendars")["list_calendars"]
    async with database.transaction(tenant) as connection:
        found = await connection.fetch(query, tenant, asked.cursor, asked.limit + 1)
    items = [_answer(row) for row in found[: asked.limit]]
    return CalendarPage(items=items, next_cursor=items[-1].name if len(found) > asked.limit else None)


async def context_of(connection: Connection, tenant: str, names: Collection[str]) -> Context:
    """These calendars, with their days, as far as the tenant has them (`ensue.core.calendars.calendars_of`)."""
    if not names:
        return NO_CONTEXT
    rows = await connection.fetch(statements("calendars")["dates_of"], tenant, list(names))
    return Context({row["name"]: parse_calendar({"dates": dates_of(row)}).dates for row in rows})


def stored_of(row: Record) -> StoredCalendar:
    """The state in a row of `triggers.calendar`."""
    return StoredCalendar(
        tenant=row["tenant"],
        name=row["name"],
        revision=row["revision"],
        description=row["description"],
        dates=dates_of(row),
        created_by=row["created_by"],
        created_at=row["created_at"],
        deleted_at=row["deleted_at"],
    )


def dates_of(row: Record) -> list[Json]:
    """The days as they were written."""
    return cast("list[Json]", strict_json.decode(row["dates"].encode()))


def _answer(row: Record) -> CalendarAnswer:
    return answer_of(stored_of(row), row["updated_at"], in_force=row["in_force"])
