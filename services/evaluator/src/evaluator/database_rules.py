"""Triggers and calendars as PostgreSQL has them: the truth, read at start and when reconciling. Called by `rules`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping

from ensue.core.calendars import CalendarId, CalendarRemoval
from ensue.core.json import Json, JsonObject
from ensue.core.ruleset import Identity, Removal
from ensue.postgres.database import Database, Record
from ensue.postgres.queries import Queries
from ensue.wire import strict_json
from ensue.wire.calendars import CalendarRecord
from ensue.wire.errors import DecodeError
from ensue.wire.triggers import TriggerRecord
from evaluator.rules import Said

PAGE = 1000
_QUERIES = Queries.load("evaluator")


class DatabaseRules:
    """Reads `triggers.v_calendar` and `triggers.v_ruleset`. Everything raises Unavailable while PostgreSQL is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pages(self) -> AsyncIterator[list[Said]]:
        """Every calendar, then every trigger, page by page."""
        async with self._database.transaction() as connection:
            for query, read in (("all_calendars", _calendar), ("all_rules", _record)):
                cursor = await connection.cursor(_QUERIES[query])
                while rows := await cursor.fetch(PAGE):
                    yield [read(row) for row in rows]

    async def revisions(self) -> Mapping[Identity, int]:
        """The newest revision of every trigger and calendar."""
        async with self._database.transaction() as connection:
            found: dict[Identity, int] = {
                row["trigger_id"]: row["revision"] for row in await connection.fetch(_QUERIES["revisions"])
            }
            calendars = await connection.fetch(_QUERIES["calendar_revisions"])
            return found | {CalendarId(row["tenant"], row["name"]): row["revision"] for row in calendars}

    async def rules(self, identities: Collection[Identity]) -> list[Said]:
        """These triggers and calendars."""
        triggers = [each for each in identities if not isinstance(each, CalendarId)]
        calendars = [each for each in identities if isinstance(each, CalendarId)]
        tenants, names = [each.tenant for each in calendars], [each.name for each in calendars]
        async with self._database.transaction() as connection:
            found: list[Said] = [
                _calendar(row) for row in await connection.fetch(_QUERIES["calendars"], tenants, names)
            ]
            return found + [_record(row) for row in await connection.fetch(_QUERIES["rules"], triggers)]


def _calendar(row: Record) -> Said:
    calendar_id = CalendarId(row["tenant"], row["name"])
    if row["deleted"]:
        return CalendarRemoval(calendar_id, row["revision"])
    return CalendarRecord(calendar_id, row["revision"], _days(row["dates"]))


def _record(row: Record) -> Said:
    if row["deleted"]:
        return Removal(row["trigger_id"], row["tenant"], row["revision"])
    return TriggerRecord.of_row(row, _document(row["document"]))


def _days(text: str) -> list[Json]:
    """The days as they were written; what is no list holds something that no calendar can be made of."""
    try:
        days = strict_json.decode(text.encode())
    except DecodeError:
        return [None]
    return days if isinstance(days, list) else [None]


def _document(text: str) -> JsonObject:
    """The document; an empty one, which no trigger can be made of, where it is none."""
    try:
        document = strict_json.decode(text.encode())
    except DecodeError:
        return {}
    return document if isinstance(document, dict) else {}
