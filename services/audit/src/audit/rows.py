"""From a record on a topic to a row of the journal. Pure; called by the handler for every record.

A row is a tuple in the order of its query's parameters (`queries.sql`): `at` and `record_id` first, both fixed by the
author of the record, so that reading it again gives the same row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from audit.dead_letters import dead_row
from ensue.core.event import Event
from ensue.core.firing import Firing
from ensue.core.json import Json
from ensue.core.outcome import (
    ActionOutcome,
    ActionTaken,
    ConditionErred,
    Outcome,
    OutcomeRecord,
    OutcomeStatus,
    Receipt,
)
from ensue.kafka.records import IncomingRecord
from ensue.wire import strict_json
from ensue.wire.cloudevents import decode_record
from ensue.wire.records import decode_firing, decode_outcome
from ensue.wire.topics import Topic

Row = tuple[object, ...]


class Kind(StrEnum):
    """What a row is: its query, and the label of its metrics. In the order in which they are appended."""

    EVENT = "event"
    FIRING = "firing"
    BLOCKED = "blocked"
    CONDITION_ERROR = "condition_error"
    OUTCOME = "outcome"
    ACTION_OUTCOME = "action_outcome"
    RECEIPT = "receipt"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row and the record that it came from. `subject` is what the record says, where a log line tells of it."""

    kind: Kind
    row: Row
    record: IncomingRecord
    subject: Firing | Outcome | None = None


def entry_of(record: IncomingRecord, default_tenant: str) -> Entry:
    """The entry of a record; DecodeError where it cannot be understood (never for a dead letter)."""
    match record.topic:
        case Topic.EVENTS | Topic.SYSTEM:
            event = decode_record(
                record.headers, record.value, trusted=record.topic is Topic.SYSTEM, default_tenant=default_tenant
            )
            return Entry(Kind.EVENT, _event(event, record), record)
        case Topic.FIRINGS:
            firing = decode_firing(record.value)
            return Entry(Kind.FIRING, _firing(firing), record, firing)
        case Topic.OUTCOMES:
            said = decode_outcome(record.value)
            kind, row = _said(said)
            return Entry(kind, row, record, said if isinstance(said, Outcome) else None)
        case Topic.DEAD:
            return Entry(Kind.DEAD, dead_row(record), record)
    raise ValueError(f"the audit does not read {record.topic}")


def is_dead_lettered_by_others(topic: Topic) -> bool:
    """Whether an undecodable record of `topic` is sent to ensue.dead by the service that works with it."""
    return topic in (Topic.EVENTS, Topic.SYSTEM, Topic.FIRINGS)


def storable(text: str) -> str:
    """The text as PostgreSQL takes it: U+0000, which it cannot hold, becomes U+FFFD."""
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def _optional(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _json(value: Json) -> str:
    return strict_json.encode(value).decode()


def _event(event: Event, record: IncomingRecord) -> Row:
    lineage = event.lineage
    return (
        record.appended_at,
        event.event_uid,
        event.tenant,
        event.id,
        event.source,
        event.type,
        event.subject,
        event.entity_type,
        event.time,
        lineage.correlation_id,
        lineage.causation_id,
        lineage.depth,
        None if event.data is None else _json(event.data),
        event.dataschema,
        _json(event.extensions),
        record.topic.value,
        record.partition,
        record.offset,
    )


def _firing(firing: Firing) -> Row:
    event, lineage = firing.event, firing.lineage
    return (
        firing.observed_at,
        firing.firing_id,
        storable(firing.tenant),
        firing.trigger_id,
        firing.revision,
        event.event_uid,
        storable(event.id),
        storable(event.source),
        storable(event.type),
        _optional(event.subject),
        lineage.correlation_id,
        lineage.causation_id,
        lineage.depth,
        firing.replay_no,
        firing.mode.value,
    )


def _said(said: OutcomeRecord) -> tuple[Kind, Row]:
    match said:
        case Outcome():
            return Kind.BLOCKED if said.status is OutcomeStatus.BLOCKED else Kind.OUTCOME, _outcome(said)
        case ActionOutcome():
            return Kind.ACTION_OUTCOME, _action_outcome(said)
        case ConditionErred():
            return Kind.CONDITION_ERROR, _condition_error(said)
        case Receipt():
            return Kind.RECEIPT, _receipt(said)


def _outcome(outcome: Outcome) -> Row:
    return (
        outcome.at,
        outcome.record_id,
        storable(outcome.tenant),
        outcome.firing_id,
        outcome.trigger_id,
        outcome.revision,
        outcome.event_uid,
        outcome.correlation_id,
        outcome.depth,
        outcome.status.value,
        _optional(outcome.reason),
        _optional(outcome.detail),
        _json([_action(taken) for taken in outcome.actions]),
    )


def _action(taken: ActionTaken) -> dict[str, Json]:
    return {
        "action_id": str(taken.action_id),
        "path": storable(taken.path),
        "kind": storable(taken.kind),
        "status": taken.status.value,
        "attempts": taken.attempts,
        "reference": _optional(taken.reference),
        "reason": _optional(taken.reason),
        "detail": _optional(taken.detail),
    }


def _action_outcome(outcome: ActionOutcome) -> Row:
    taken = outcome.taken
    return (
        outcome.at,
        outcome.record_id,
        storable(outcome.tenant),
        outcome.firing_id,
        outcome.trigger_id,
        outcome.correlation_id,
        outcome.depth,
        taken.action_id,
        storable(taken.path),
        storable(taken.kind),
        taken.status.value,
        taken.attempts,
        _optional(taken.reference),
        _optional(taken.reason),
        _optional(taken.detail),
        outcome.emitted_event_uid,
    )


def _condition_error(error: ConditionErred) -> Row:
    return (
        error.at,
        error.record_id,
        storable(error.tenant),
        error.firing_id,
        error.trigger_id,
        error.revision,
        error.event_uid,
        error.correlation_id,
        error.depth,
        storable(error.detail),
    )


def _receipt(receipt: Receipt) -> Row:
    return (
        receipt.at,
        receipt.record_id,
        storable(receipt.group),
        storable(receipt.instance),
        storable(receipt.topic),
        receipt.partition,
        receipt.first_offset,
        receipt.next_offset,
        receipt.events,
        receipt.firings,
        receipt.blocked,
        receipt.errors,
        receipt.dead,
        receipt.missing,
        storable(receipt.ruleset),
    )
