"""What triggers cost that no index leads to: counted and capped for each tenant and event type.

Called by `commands`, and by `questions` that ask whether there is room.

Such a trigger is asked about every event of its types. Count and write are one transaction under a lock of the tenant,
so that two saves at once cannot pass the cap together. A trigger that is charged for a type already is not refused
for it; one that was saved before there was a cap is charged from its next save on, which may be refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ensue.core.json import JsonObject
from ensue.matching.indexability import WHAT_HELPS, why_not_indexed
from ensue.postgres.database import Connection
from ensue.wire.documents import DocumentInvalid, Fault, parse_trigger
from trigger_api.problems import LIMIT_REACHED, Problem
from trigger_api.sql import statements
from trigger_api.triggers.rules import Change, Stored

_SQL: Final = ("triggers", "costs.sql")
WHERE: Final = "/where"


async def charged(connection: Connection, limit: int, before: Stored | None, change: Change) -> Change:
    """The change, with whether its trigger is unindexed; a Problem (409) where its tenant may not have one more."""
    state = change.state
    if not change.revised or state.deleted_at is not None:
        return change
    why = await asyncio.to_thread(why_unindexed, state.document)
    if why is not None and state.enabled:
        await _require_room(connection, limit, before, state, why)
    return replace(change, state=replace(state, unindexed=why is not None))


def why_unindexed(document: JsonObject) -> str | None:
    """Why no index leads to the trigger of a document that is kept; None where one does.

    A document that this version cannot read is asked about nothing, and must still be disabled or deleted.
    """
    try:
        return why_not_indexed(parse_trigger(document, action_params=None, context=None).where)
    except DocumentInvalid:
        return None


async def over_limit(
    connection: Connection, tenant: str, event_types: Sequence[str], limit: int, why: str
) -> Fault | None:
    """The fault of one unindexed trigger more on these types; None where there is room for it."""
    counted = await connection.fetch(statements(*_SQL)["count_unindexed"], tenant, list(event_types))
    counts = {row["event_type"]: row["count"] for row in counted}
    full = next((each for each in event_types if counts.get(each, 0) >= limit), None)
    if full is None:
        return None
    message = (
        f"would be asked about every event of type {full}, as {counts.get(full, 0)} enabled triggers of this project "
        f"are already; at most {limit} may be. Why: {why}"
    )
    return Fault(WHERE, message, WHAT_HELPS)


async def _require_room(connection: Connection, limit: int, before: Stored | None, state: Stored, why: str) -> None:
    paid = set(before.event_types) if before is not None and before.enabled and before.unindexed else set()
    new = [event_type for event_type in state.event_types if event_type not in paid]
    if not new:
        return
    await connection.execute(statements(*_SQL)["lock_unindexed"], state.tenant)
    fault = await over_limit(connection, state.tenant, new, limit, why)
    if fault is not None:
        detail = "This project has as many triggers that no index leads to as it may have for one event type."
        raise Problem(LIMIT_REACHED, detail, faults=[fault])
