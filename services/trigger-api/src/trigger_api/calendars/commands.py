"""Writing calendars. Each write is one transaction: the row under its lock and an outbox row; then the wait until the
record is acknowledged, so that the answer can say whether the change is in force. Called by `routes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ensue.core.json import JsonObject
from ensue.postgres.database import Connection, Record
from ensue.postgres.outbox import enqueue
from ensue.runtime.logs import bind, get_logger
from ensue.wire import strict_json
from ensue.wire.calendars import parse_calendar
from trigger_api.access import Principal
from trigger_api.calendars.models import CalendarAnswer, answer_of
from trigger_api.calendars.queries import stored_of
from trigger_api.calendars.rules import CalendarDraft, StoredCalendar, User, delete, put, record_of
from trigger_api.ports import Ports
from trigger_api.preconditions import Condition
from trigger_api.problems import PRECONDITION, Problem, not_found
from trigger_api.sql import SCHEMA, statements

_SQL: Final = ("calendars", "commands.sql")
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """Which calendar is meant, and in which revision the caller believes it to be.

    must_exist: any precondition at all was given, so that only a calendar that is there can fulfil it.
    """

    name: str
    condition: Condition
    must_exist: bool


@dataclass(frozen=True, slots=True)
class _Saved:
    state: StoredCalendar
    updated_at: datetime
    outbox_id: int | None


async def put_calendar(
    ports: Ports, caller: Principal, target: Target, document: JsonObject
) -> tuple[CalendarAnswer, bool]:
    """A calendar with this content, and whether it is new. Putting what is there already changes nothing."""
    parsed = parse_calendar(document, target.name)
    draft = CalendarDraft(parsed.description, parsed.written)
    sql = statements(*_SQL)
    async with ports.database.transaction(caller.tenant) as connection:
        row = await connection.fetchrow(sql["take_calendar"], caller.tenant, target.name, caller.name)
        assert row is not None  # noqa: S101 - the statement makes the row that it does not find
        before = stored_of(row)
        _require(target, before)
        state = put(before, draft, caller.name, await connection.fetchval(sql["now"]))
        saved = await _saved(connection, row, before, state)
    return await _answer(ports, saved), not before.is_there


async def delete_calendar(ports: Ports, caller: Principal, target: Target) -> CalendarAnswer:
    """Delete softly: its revision stays. A Problem (409) while a trigger names it."""
    sql = statements(*_SQL)
    async with ports.database.transaction(caller.tenant) as connection:
        row = await connection.fetchrow(sql["lock_calendar"], caller.tenant, target.name)
        if row is None:
            raise not_found("calendar")
        before = stored_of(row)
        _require(target, before)
        users = await connection.fetch(sql["users_of"], caller.tenant, target.name)
        named = [User(user["trigger_id"], user["name"]) for user in users]
        state = delete(before, named, await connection.fetchval(sql["now"]))
        saved = await _saved(connection, row, before, state)
    return await _answer(ports, saved)


def _require(target: Target, state: StoredCalendar) -> None:
    if target.must_exist and not state.is_there:
        raise Problem(PRECONDITION, "There is no such calendar.")
    if not target.condition.admits(state.revision):
        raise Problem(PRECONDITION, f"The calendar is at revision {state.revision}.")


async def _saved(connection: Connection, row: Record, before: StoredCalendar, state: StoredCalendar) -> _Saved:
    """The new state, kept and to be said; what was there, where it is that."""
    if state is before:
        return _Saved(state, row["updated_at"], row["outbox_id"])
    [outbox_id] = await enqueue(connection, SCHEMA, state.tenant, [record_of(state)])
    updated_at = await connection.fetchval(
        statements(*_SQL)["save_calendar"],
        state.tenant,
        state.name,
        state.revision,
        state.description,
        strict_json.encode(list(state.dates)).decode(),
        state.created_by,
        state.created_at,
        state.deleted_at,
        outbox_id,
    )
    return _Saved(state, updated_at, outbox_id)


async def _answer(ports: Ports, saved: _Saved) -> CalendarAnswer:
    """The answer, once the change is in force or the wait for that is over."""
    state, in_force = saved.state, await ports.is_in_force(saved.outbox_id)
    with bind(tenant=state.tenant):
        log.info("calendar_saved", calendar=state.name, revision=state.revision, in_force=in_force)
    return answer_of(state, saved.updated_at, in_force=in_force)
