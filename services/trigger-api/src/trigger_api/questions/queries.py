"""Asking: reads what a question is about, then leaves the answer to `rules` and to the decision's own functions.

Called by `routes`. Nothing is stored. What takes long is done in a thread, so that the loop serves others meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from ensue.core.calendars import calendars_of
from ensue.core.conditions.context import Context
from ensue.core.conditions.english import english
from ensue.core.event import Event
from ensue.core.json import Json, JsonObject
from ensue.core.lineage import Lineage
from ensue.core.trigger import Trigger
from ensue.postgres.database import Connection, Database, Record
from ensue.wire import strict_json
from ensue.wire.asked_events import asked_event
from ensue.wire.documents import DocumentInvalid, Fault
from ensue.wire.explained import explain_trigger, to_json
from ensue.wire.faults import Faults
from ensue.wire.triggers import TriggerRecord, to_trigger
from trigger_api.calendars.queries import context_of
from trigger_api.calendars.uses import names_of
from trigger_api.ports import Ports
from trigger_api.problems import CONFLICT, Problem, invalid, not_found
from trigger_api.questions.models import (
    ExplainAnswer,
    ExplainOptions,
    LimitsAnswer,
    SampleCounts,
    UnindexedCount,
    UnindexedTriggers,
    ValidationAnswer,
)
from trigger_api.questions.rules import (
    SAMPLES,
    Checked,
    approved,
    check,
    counted,
    refused,
    require_bounded,
    samples_of,
)
from trigger_api.sql import statements
from trigger_api.triggers.costs import over_limit
from trigger_api.triggers.drafts import Neighbour
from trigger_api.triggers.queries import neighbours

EVENT_UID: Final = "event_uid"
MOST_TYPES: Final = 100
NOT_JOURNALLED: Final = "targets"
COUNTED_ALREADY: Final = "or an edit of a trigger that counts already: this is judged as one more"


@dataclass(frozen=True, slots=True)
class _Situation:
    """What a trigger would meet.

    context: the calendars that its condition names. full: the fault of one more where there may be none; that it is one
        more is taken for granted, since a question does not say which trigger it would be saved as.
    """

    now: datetime
    context: Context
    neighbours: Sequence[Neighbour] = ()
    full: Fault | None = None


async def validate(ports: Ports, tenant: str, document: JsonObject) -> ValidationAnswer:
    """Whether a save would take a trigger, or a condition alone. A Problem (400) where the samples are wrong."""
    asked = {name: value for name, value in document.items() if name != SAMPLES}
    samples = samples_of(document[SAMPLES], tenant) if SAMPLES in document else None
    try:
        checked = await asyncio.to_thread(check, asked, tenant, await names_of(ports.database, tenant))
    except DocumentInvalid as wrong:
        return refused(wrong.faults)
    require_bounded(checked.where, samples or ())
    async with ports.database.transaction(tenant) as connection:
        situation = await _situation(connection, tenant, checked, ports.max_unindexed)
    if situation.full is not None:
        return refused([situation.full])
    return await asyncio.to_thread(_approved, checked, situation, samples)


async def explain(
    database: Database, tenant: str, trigger_id: UUID, options: ExplainOptions, asked: JsonObject
) -> ExplainAnswer:
    """Why a trigger does or does not fire for an event, or for one in the journal (`{"event_uid": ...}`)."""
    given = None if asked.keys() == {EVENT_UID} else _given(asked, tenant)
    async with database.transaction(tenant) as connection:
        trigger = await _trigger(connection, tenant, trigger_id, options.revision)
        event, at = (given, None) if given else await _journalled(connection, tenant, _uid(asked[EVENT_UID]))
        now: datetime = await connection.fetchval(statements("questions")["now"])
        context = await context_of(connection, tenant, calendars_of(trigger.where))
    require_bounded(trigger.where, [event])
    return await asyncio.to_thread(
        _explained, trigger, event, options.at or at or now, context, journalled=given is None
    )


async def limits(ports: Ports, tenant: str) -> LimitsAnswer:
    """What the tenant has of what is capped."""
    async with ports.database.transaction(tenant) as connection:
        rows = await connection.fetch(statements("questions")["unindexed_types"], tenant, MOST_TYPES)
    counts = [UnindexedCount(event_type=row["event_type"], count=row["count"]) for row in rows]
    return LimitsAnswer(unindexed_triggers=UnindexedTriggers(limit=ports.max_unindexed, event_types=counts))


async def _situation(connection: Connection, tenant: str, checked: Checked, limit: int) -> _Situation:
    now: datetime = await connection.fetchval(statements("questions")["now"])
    names = calendars_of(checked.where)
    context = await context_of(connection, tenant, names)
    if names - context.calendars.keys():
        raise Problem(CONFLICT, "A calendar that the condition names has just been deleted.")
    trigger = checked.trigger
    if trigger is None or not trigger.enabled:
        return _Situation(now, context)
    types = trigger.when.types
    full = await over_limit(connection, tenant, types, limit, checked.unindexed) if checked.unindexed else None
    if full is not None:
        full = replace(full, expected=f"{full.expected}; {COUNTED_ALREADY}")
    return _Situation(now, context, await neighbours(connection, tenant, types), full)


def _approved(checked: Checked, situation: _Situation, samples: Sequence[Event] | None) -> ValidationAnswer:
    counts: SampleCounts | None = (
        None if samples is None else counted(checked, samples, situation.now, situation.context)
    )
    return approved(checked, situation.neighbours, counts)


def _explained(trigger: Trigger, event: Event, at: datetime, context: Context, *, journalled: bool) -> ExplainAnswer:
    """The answer; about a journalled event it says nothing of what the journal does not keep."""
    found = explain_trigger(trigger, event, at, context)
    if journalled:
        found = replace(found, checks=tuple(check for check in found.checks if check.name != NOT_JOURNALLED))
    shown = dict(to_json(found))
    del shown["id"]
    return ExplainAnswer.model_validate(
        {
            "trigger_id": trigger.trigger_id,
            "revision": trigger.revision,
            "event_uid": event.event_uid,
            "at": at,
            "english": english(trigger.where),
            **shown,
        }
    )


def _given(document: JsonObject, tenant: str) -> Event:
    faults = Faults()
    event = asked_event(document, tenant, faults)
    if event is None:
        faults.raise_any()
    assert event is not None  # noqa: S101 - else there was a fault
    return event


def _uid(value: Json) -> UUID:
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise invalid([Fault(f"/{EVENT_UID}", "is not a UUID", "the event_uid of an event")]) from None


async def _trigger(connection: Connection, tenant: str, trigger_id: UUID, revision: int | None) -> Trigger:
    row = await connection.fetchrow(statements("questions")["read_revision"], tenant, trigger_id, revision)
    if row is None:
        raise not_found("trigger" if revision is None else "revision of a trigger")
    kept = TriggerRecord.of_row(row, cast("JsonObject", strict_json.decode(row["document"].encode())))
    try:
        return to_trigger(kept)
    except DocumentInvalid:  # its pointers lead into a document that the caller did not send
        detail = f"Revision {kept.revision} of this trigger cannot be read by this version; save it anew."
        raise Problem(CONFLICT, detail) from None


async def _journalled(connection: Connection, tenant: str, event_uid: UUID) -> tuple[Event, datetime]:
    row = await connection.fetchrow(statements("questions")["journalled_event"], tenant, event_uid)
    if row is None:
        raise not_found("event (what has just been published may take a moment to be recorded)")
    return _event(row), row["at"]


def _event(row: Record) -> Event:
    extensions = cast("JsonObject", strict_json.decode(row["extensions"].encode()))
    return Event(
        event_uid=row["event_uid"],
        tenant=row["tenant"],
        id=row["event_id"],
        source=row["source"],
        type=row["type"],
        lineage=Lineage(row["correlation_id"], row["causation_id"], row["depth"]),
        subject=row["subject"],
        time=row["time"],
        entity_type=row["entity_type"],
        data=None if row["data"] is None else strict_json.decode(row["data"].encode()),
        dataschema=row["dataschema"],
        extensions={name: str(value) for name, value in extensions.items()},
    )
