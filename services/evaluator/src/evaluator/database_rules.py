"""The triggers as PostgreSQL has them: the truth, read at start and when reconciling. Called by `evaluator.rules`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from uuid import UUID

from ensue.core.json import JsonObject
from ensue.core.ruleset import Removal
from ensue.postgres.database import Database, Record
from ensue.postgres.queries import Queries
from ensue.wire import strict_json
from ensue.wire.errors import DecodeError
from ensue.wire.triggers import TriggerRecord

PAGE = 1000
_QUERIES = Queries.load("evaluator")


class DatabaseRules:
    """Reads `triggers.v_ruleset`. Everything raises Unavailable while PostgreSQL is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pages(self) -> AsyncIterator[list[TriggerRecord | Removal]]:
        """Every trigger as of one instant, page by page."""
        async with self._database.transaction() as connection:
            cursor = await connection.cursor(_QUERIES["all_rules"])
            while rows := await cursor.fetch(PAGE):
                yield [_record(row) for row in rows]

    async def revisions(self) -> Mapping[UUID, int]:
        """The newest revision of every trigger."""
        async with self._database.transaction() as connection:
            return {row["trigger_id"]: row["revision"] for row in await connection.fetch(_QUERIES["revisions"])}

    async def rules(self, trigger_ids: Collection[UUID]) -> list[TriggerRecord | Removal]:
        """These triggers."""
        async with self._database.transaction() as connection:
            return [_record(row) for row in await connection.fetch(_QUERIES["rules"], list(trigger_ids))]


def _record(row: Record) -> TriggerRecord | Removal:
    if row["deleted"]:
        return Removal(row["trigger_id"], row["tenant"], row["revision"])
    return TriggerRecord(
        trigger_id=row["trigger_id"],
        tenant=row["tenant"],
        revision=row["revision"],
        enabled=row["enabled"],
        active_since=row["active_since"],
        created_at=row["created_at"],
        document=_document(row["document"]),
    )


def _document(text: str) -> JsonObject:
    """The document; an empty one, which no trigger can be made of, where it is none."""
    try:
        document = strict_json.decode(text.encode())
    except DecodeError:
        return {}
    return document if isinstance(document, dict) else {}
