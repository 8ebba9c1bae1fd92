"""Writing triggers. Each write is one transaction: the row under its lock, a revision, an outbox row; then the wait
until the record is acknowledged, so that the answer can say whether the change is in force. Called by `routes`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from ensue.core.json import JsonObject
from ensue.core.outcome import Reason
from ensue.postgres.database import Connection, Record
from ensue.postgres.outbox import enqueue
from ensue.runtime.logs import bind, get_logger
from ensue.wire import strict_json
from trigger_api.access import Principal
from trigger_api.calendars.uses import names_of, note_uses
from trigger_api.ports import Ports
from trigger_api.preconditions import Condition
from trigger_api.problems import PRECONDITION, Problem, not_found
from trigger_api.sql import SCHEMA, statements
from trigger_api.triggers.costs import charged
from trigger_api.triggers.drafts import Neighbour, draft_of, patched, warnings_about
from trigger_api.triggers.models import TriggerAnswer, answer_of
from trigger_api.triggers.queries import neighbours, stored_of
from trigger_api.triggers.rules import (
    Birth,
    Change,
    Command,
    Delete,
    InFlight,
    Instant,
    Replace,
    Stored,
    Switch,
    apply,
    create,
    record_of,
)

CANCEL_SECONDS: Final = 25  # of about 10,000 firings each; below the 30 seconds that a client waits
_SQL: Final = ("triggers", "commands.sql")
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """Which trigger is meant, and in which revision the caller believes it to be."""

    trigger_id: UUID
    condition: Condition


@dataclass(frozen=True, slots=True)
class _Saved:
    """What a transaction left behind. `outbox_id` is None where nothing new is said."""

    state: Stored
    updated_at: datetime
    outbox_id: int | None
    neighbours: Sequence[Neighbour] = ()


async def create_trigger(ports: Ports, caller: Principal, document: JsonObject) -> TriggerAnswer:
    """A new trigger at revision 1."""
    names = await names_of(ports.database, caller.tenant)
    draft = await asyncio.to_thread(draft_of, document, caller.tenant, names)
    birth = Birth(caller.tenant, ports.ids.new(), caller.name)
    sql = statements(*_SQL)
    async with ports.database.transaction(caller.tenant) as connection:
        change = create(birth, draft, await _instant(ports, connection))
        change = await charged(connection, ports.max_unindexed, None, change)
        saved = await _save(connection, sql["insert_trigger"], change, caller)
        await note_uses(connection, caller.tenant, birth.trigger_id, draft.calendars)
    return await _answer(ports, saved)


async def replace_trigger(
    ports: Ports, caller: Principal, target: Target, document: JsonObject, in_flight: InFlight
) -> TriggerAnswer:
    """The whole document anew. `enabled` stays as it is where the document does not say."""
    names = await names_of(ports.database, caller.tenant)
    draft = await asyncio.to_thread(draft_of, document, caller.tenant, names)
    return await _change(ports, caller, target, lambda _: Replace(draft, in_flight))


async def patch_trigger(
    ports: Ports, caller: Principal, target: Target, patch: JsonObject, in_flight: InFlight
) -> TriggerAnswer:
    """What a JSON merge patch makes of the document."""
    names = await names_of(ports.database, caller.tenant)
    return await _change(ports, caller, target, lambda state: Replace(patched(state, patch, names), in_flight))


async def switch_trigger(ports: Ports, caller: Principal, target: Target, switch: Switch) -> TriggerAnswer:
    """Enable or disable; may be repeated."""
    return await _change(ports, caller, target, lambda _: switch)


async def delete_trigger(ports: Ports, caller: Principal, target: Target, in_flight: InFlight) -> TriggerAnswer:
    """Delete softly: it is gone for its readers, its revisions and its log stay."""
    return await _change(ports, caller, target, lambda _: Delete(in_flight))


async def _change(
    ports: Ports, caller: Principal, target: Target, command_for: Callable[[Stored], Command]
) -> TriggerAnswer:
    sql = statements(*_SQL)
    async with ports.database.transaction(caller.tenant) as connection:
        row = await connection.fetchrow(sql["lock_trigger"], caller.tenant, target.trigger_id)
        if row is None:
            raise not_found("trigger")
        state = stored_of(row)
        if not target.condition.admits(state.revision):
            raise Problem(PRECONDITION, f"The trigger is at revision {state.revision}.")
        command = await asyncio.to_thread(command_for, state)  # a patch reads a whole document
        change = apply(state, command, await _instant(ports, connection))
        change = await charged(connection, ports.max_unindexed, state, change)
        saved = await _kept(connection, change, row, caller)
        if change.cancel is not None:
            await _cancel_unstarted(connection, change.state, change.cancel)
        if isinstance(command, Replace):  # last: what it holds, others wait for
            await note_uses(connection, state.tenant, state.trigger_id, command.draft.calendars)
    return await _answer(ports, saved)


async def _cancel_unstarted(connection: Connection, state: Stored, reason: Reason) -> None:
    """May take long where a storm left a backlog, and must be given that: it is then that a trigger is stopped."""
    sql = statements(*_SQL)
    await connection.execute(sql["allow_time"], f"{CANCEL_SECONDS}s")
    await connection.execute(
        sql["cancel_unstarted"], state.tenant, state.trigger_id, reason.value, timeout=CANCEL_SECONDS
    )


async def _instant(ports: Ports, connection: Connection) -> Instant:
    return Instant(await connection.fetchval(statements(*_SQL)["now"]), ports.clock_skew)


async def _kept(connection: Connection, change: Change, row: Record, caller: Principal) -> _Saved:
    sql = statements(*_SQL)
    if change.revised:
        return await _save(connection, sql["update_trigger"], change, caller)
    state = change.state
    if change.cancel is not None:
        await connection.execute(sql["extend_cancellation"], state.tenant, state.trigger_id, state.cancel_before)
    return _Saved(state, row["updated_at"], row["outbox_id"])


async def _save(connection: Connection, statement: str, change: Change, caller: Principal) -> _Saved:
    """The new revision, kept three times over: as the newest state, as itself for ever, as a record to be said."""
    state = change.state
    [outbox_id] = await enqueue(connection, SCHEMA, state.tenant, [record_of(state)])
    document = strict_json.encode(state.document).decode()
    updated_at = await connection.fetchval(
        statement,
        state.tenant,
        state.trigger_id,
        state.revision,
        state.name,
        state.enabled,
        state.active_since,
        state.cancel_before,
        state.event_types,
        document,
        state.created_by,
        state.created_at,
        state.deleted_at,
        outbox_id,
        state.unindexed,
    )
    await connection.execute(
        statements(*_SQL)["insert_revision"],
        state.tenant,
        state.trigger_id,
        state.revision,
        state.name,
        state.enabled,
        state.active_since,
        document,
        state.created_at,
        state.deleted_at is not None,
        caller.name,
    )
    listens = state.enabled and state.deleted_at is None
    beside = await neighbours(connection, state.tenant, state.event_types, state.trigger_id) if listens else ()
    return _Saved(state, updated_at, outbox_id, beside)


async def _answer(ports: Ports, saved: _Saved) -> TriggerAnswer:
    """The answer, once the change is in force or the wait for that is over."""
    state, in_force = saved.state, await ports.is_in_force(saved.outbox_id)
    with bind(tenant=state.tenant, trigger_id=state.trigger_id):
        log.info("trigger_saved", revision=state.revision, enabled=state.enabled, in_force=in_force)
    # Bounded, and still too long for one turn of the loop.
    warnings = await asyncio.to_thread(warnings_about, state.document, saved.neighbours)
    return answer_of(state, saved.updated_at, in_force=in_force, warnings=warnings)
