"""Trigger revisions as the dispatcher plans from them: asked of `triggers.v_revision`, kept because they never change.

Called by the intake store within its transaction. "Unknown" is never kept: it is asked again each time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from dispatcher.columns import columns
from dispatcher.plan import Unreadable, Wish
from ensue.core.errors import EnsueError
from ensue.core.firing import Firing
from ensue.postgres.database import Connection, Record
from ensue.postgres.queries import Queries
from ensue.wire.triggers import TriggerRecord, to_trigger

KEPT = 10_000
Key = tuple[str, UUID, int]


def revision_key(firing: Firing) -> Key:
    """Under whose revision a firing stands."""
    return firing.tenant, firing.trigger_id, firing.revision


class Revisions:
    """The most recently used revisions, read through to the database."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._known: OrderedDict[Key, Wish] = OrderedDict()
        self._queries = Queries.load("dispatcher")

    async def of(self, firings: Sequence[Firing], conn: Connection) -> dict[Key, Wish]:
        """What each firing's revision wishes."""
        wanted = {revision_key(each) for each in firings}
        found = {key: self._known[key] for key in wanted if key in self._known}
        missing = {key for key in wanted if key not in found}
        if missing:
            rows = await conn.fetch(self._queries["revisions"], *(set(column) for column in columns(missing, 3)))
            found |= {key: _read(row) for row in rows if (key := _key(row)) in missing}
        self._keep(found)
        unknown = Unreadable("the revision is not in triggers.v_revision")
        return {key: found.get(key, unknown) for key in wanted}

    def _keep(self, found: dict[Key, Wish]) -> None:
        for key, wish in found.items():
            self._known[key] = wish
            self._known.move_to_end(key)
        for _ in range(len(self._known) - self._kept):
            self._known.popitem(last=False)


def _key(row: Record) -> Key:
    return row["tenant"], row["trigger_id"], row["revision"]


def _read(row: Record) -> Wish:
    try:
        return to_trigger(TriggerRecord.of_row(row, row["document"]))
    except EnsueError as error:
        return Unreadable(f"the revision cannot be read: {error}")
