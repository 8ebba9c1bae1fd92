"""The small world of the evaluator's tests: a studio's events as records, and triggers that listen to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from ensue.core.calendars import CalendarId
from ensue.core.conditions.tree import ALWAYS, Condition, Test
from ensue.core.event import Event
from ensue.core.firing import Firing
from ensue.core.ids import event_uid
from ensue.core.json import Json, JsonObject
from ensue.core.lineage import Lineage
from ensue.core.outcome import ConditionErred, Outcome, Receipt
from ensue.core.ruleset import Rulebook
from ensue.core.trigger import ActionSpec, Brakes, EventWhen, Then, Trigger
from ensue.kafka.records import Batch, IncomingRecord
from ensue.testing.clock import FrozenClock
from ensue.wire.calendars import CalendarRecord, encode_calendar
from ensue.wire.cloudevents import encode_event
from ensue.wire.records import decode_firing, decode_outcome
from ensue.wire.topics import OutgoingRecord, Topic
from ensue.wire.triggers import TriggerRecord, encode_trigger
from evaluator.evaluate import Evaluated, Evaluator, conclude
from evaluator.evaluate import evaluate as evaluate_in_steps

AT = FrozenClock().now()
SCENES, NOTIFY, BROKEN = (UUID(int=number) for number in (1, 2, 3))
STUDIO = "studio"
EVALUATOR = Evaluator(group="ensue.evaluator", instance="e-1", default_tenant=STUDIO)
LOG = Then((ActionSpec("actions.0", "log", {}),))
FREEZE = CalendarId(STUDIO, "studio-freeze")
UNLESS_FROZEN: JsonObject = {"not": {"field": "now", "op": "calendar", "value": FREEZE.name}}
UNREADABLE = Test(("data", "score"), "no_such_operator", 1)


def approved(number: int = 1, depth: int = 0, data: Json = None) -> Event:
    """A variant was approved."""
    uid = event_uid(STUDIO, "urn:review", f"v-{number}")
    lineage = Lineage(uid, None, depth)
    return Event(
        uid, STUDIO, f"v-{number}", "urn:review", "variant.approved", lineage, entity_type="variant", data=data
    )


def trigger(
    trigger_id: UUID = SCENES,
    revision: int = 1,
    where: Condition = ALWAYS,
    active_since: datetime = AT - timedelta(days=1),
    max_chain_depth: int = 10,
) -> Trigger:
    """A trigger on approved variants."""
    when = EventWhen(("variant.approved",))
    brakes = Brakes(max_chain_depth)
    name = f"trigger {trigger_id.int}"
    return Trigger(trigger_id, STUDIO, revision, name, when, LOG, active_since, where=where, brakes=brakes)


def saved(
    trigger_id: UUID = SCENES,
    revision: int = 1,
    *,
    active_since: datetime = AT - timedelta(days=1),
    enabled: bool = True,
    where: JsonObject | None = None,
) -> TriggerRecord:
    """A revision of a trigger as trigger-api publishes it."""
    document: dict[str, Json] = {
        "name": f"trigger {trigger_id.int}",
        "when": {"event": {"types": ["variant.approved"]}},
        "then": {"actions": [{"kind": "log", "message": "approved"}]},
    }
    if where is not None:
        document["where"] = where
    return TriggerRecord(trigger_id, STUDIO, revision, enabled, active_since, active_since, document)


def incoming(record: OutgoingRecord, offset: int = 0, topic: Topic | None = None) -> IncomingRecord:
    """A record as it is read, one millisecond an offset."""
    at = AT + timedelta(milliseconds=offset)
    return IncomingRecord(topic or record.topic, 0, offset, at, record.key, record.value, record.headers)


def trigger_record(record: TriggerRecord, offset: int = 0) -> IncomingRecord:
    """The revision as it is read from ensue.triggers."""
    return incoming(encode_trigger(record), offset)


def frozen(revision: int = 1, *days: Json) -> CalendarRecord:
    """A revision of the calendar of days on which nothing fires, as trigger-api publishes it."""
    return CalendarRecord(FREEZE, revision, list(days))


def calendar_record(record: CalendarRecord, offset: int = 0) -> IncomingRecord:
    """The revision as it is read from ensue.triggers."""
    return incoming(encode_calendar(record), offset)


def batch(*records: OutgoingRecord, topic: Topic = Topic.EVENTS, first: int = 0, missing: int = 0) -> Batch:
    """A batch that begins at `first`, its first `missing` offsets lost."""
    taken = [incoming(record, first + missing + place, topic) for place, record in enumerate(records)]
    return Batch(topic, 0, taken, first, first + missing + len(taken), missing)


def evaluate(ruleset: Rulebook, some: Batch, evaluator: Evaluator) -> Evaluated:
    """All that follows from a batch."""
    evaluated = Evaluated()
    for _ in evaluate_in_steps(ruleset, some, evaluator, evaluated):
        pass
    conclude(ruleset, some, evaluator, evaluated)
    return evaluated


def garbage() -> OutgoingRecord:
    """Bytes that are no event."""
    return OutgoingRecord(Topic.EVENTS, b"k", b"\xff\x00", (("content-type", b"application/cloudevents+json"),))


def of(event: Event, topic: Topic = Topic.EVENTS) -> OutgoingRecord:
    """The event's record."""
    return encode_event(event, topic)


def firings(records: Sequence[OutgoingRecord]) -> list[Firing]:
    """The firings among records to be published."""
    return [decode_firing(record.value) for record in records if record.topic is Topic.FIRINGS]


def outcomes(records: Sequence[OutgoingRecord]) -> list[Outcome | ConditionErred]:
    """The outcomes and errors among them."""
    said = [decode_outcome(record.value) for record in records if record.topic is Topic.OUTCOMES]
    return [one for one in said if isinstance(one, Outcome | ConditionErred)]


def receipts(records: Sequence[OutgoingRecord]) -> list[Receipt]:
    """The receipts among them."""
    said = [decode_outcome(record.value) for record in records if record.topic is Topic.OUTCOMES]
    return [one for one in said if isinstance(one, Receipt)]
