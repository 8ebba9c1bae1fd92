"""Which calendars triggers name: checked and noted when a trigger is saved. Called by the commands of triggers.

A calendar that a trigger names is held (a lock on its row) until that save has ended, and a deletion asks who uses the
calendar only after it has the row for itself: of a save and a deletion at once, one sees the other.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from ensue.core.conditions.context import Context
from ensue.postgres.database import Connection, Database
from trigger_api.problems import CONFLICT, Problem
from trigger_api.sql import statements


async def names_of(database: Database, tenant: str) -> Context:
    """All calendars of the tenant, for a check of names alone: they have no days here. Raises Unavailable."""
    async with database.transaction(tenant) as connection:
        rows = await connection.fetch(statements("calendars")["names"], tenant)
    return Context({row["name"]: frozenset() for row in rows})


async def note_uses(connection: Connection, tenant: str, trigger_id: UUID, names: Collection[str]) -> None:
    """The trigger names these, and no others, from this transaction on; a Problem (409) where one is gone meanwhile."""
    sql = statements("calendars")
    await connection.execute(sql["forget_uses"], tenant, trigger_id, list(names))
    if not names:
        return
    held = await connection.fetch(sql["hold"], tenant, list(names))
    if len(held) < len(names):
        raise Problem(CONFLICT, "A calendar that the condition names has just been deleted.")
    await connection.execute(sql["note_uses"], tenant, trigger_id, list(names))
