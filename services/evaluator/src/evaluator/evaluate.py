"""From the records of one batch to all that follows from them: firings, outcomes, dead letters and a receipt. Pure.

Called by the handler; the same records under the same ruleset always give the same. Nothing here awaits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ensue.core.decide import NO_MATCH, NOTHING, decide
from ensue.core.firing import Blocked, ConditionError, Decisions, Firing
from ensue.core.ids import condition_error_record_id, outcome_record_id, receipt_record_id
from ensue.core.outcome import ConditionErred, Outcome, OutcomeStatus, Receipt
from ensue.core.ruleset import Rulebook
from ensue.kafka.records import Batch, DeadLetter, Instants
from ensue.wire.errors import DecodeError
from ensue.wire.opening import Opener
from ensue.wire.records import encode_firings, encode_outcome
from ensue.wire.topics import OutgoingRecord, Topic

STEP: Final = 32  # as many records as this about which nothing is asked make a step
ASKED: Final = 8  # a record about which conditions are asked, in vain, counts for so many: few, they may be costly
LARGE_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Who evaluates: what its receipts say of it, and the tenant of events that name none."""

    group: str
    instance: str
    default_tenant: str
    _ours: Opener = field(init=False, repr=False, compare=False)
    _others: Opener = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ours", Opener(self.default_tenant, trusted=True))
        object.__setattr__(self, "_others", Opener(self.default_tenant, trusted=False))

    def opener(self, topic: Topic) -> Opener:
        """Opens the records of a topic."""
        return self._ours if topic is Topic.SYSTEM else self._others


@dataclass(slots=True)
class Evaluated:
    """What follows from one batch.

    records: to be published, the receipt last. size: their bytes. fired: what is `told` of each firing; no more is kept
        of it once it is encoded, for its event's data would fill the caches.
    """

    events: int = 0
    size: int = 0
    records: list[OutgoingRecord] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    fired: list[dict[str, object]] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    errors: list[ConditionError] = field(default_factory=list)

    @property
    def decided(self) -> int:
        """How many records of the batch are decided."""
        return self.events + len(self.dead)

    def add(self, decisions: Decisions) -> None:
        """What one event yields."""
        records = encode_firings(decisions.firings)
        self.fired += [told(firing) for firing in decisions.firings]
        if decisions.blocked:
            self.blocked += decisions.blocked
            records += [encode_outcome(blocked_outcome(blocked)) for blocked in decisions.blocked]
        if decisions.errors:
            self.errors += decisions.errors
            records += [encode_outcome(erred(error)) for error in decisions.errors]
        self.size += sum([len(record.value or b"") for record in records])
        self.records += records


def evaluate(ruleset: Rulebook, batch: Batch, evaluator: Evaluator, evaluated: Evaluated) -> Iterator[None]:
    """Decide the records of the batch into `evaluated`, in steps.

    The append time of each record is its *now*. Between two steps the caller may let other work go on, or stop: after
    every record that something follows from, which is dead or large, and after STEP of the others or less.
    """
    open_record, at, effort = evaluator.opener(batch.topic).open, Instants(), 0
    for record in batch.raw:
        value = record.value
        try:
            event = open_record(record.headers, value)
        except DecodeError as error:
            evaluated.dead.append(DeadLetter(batch.ours(record), error.reason.value, error.message))
            effort = STEP
        else:
            evaluated.events += 1
            decisions = decide(ruleset, event, at[record.timestamp])
            if decisions is NOTHING:
                effort += 1
            elif decisions is NO_MATCH:
                effort += ASKED
            else:
                evaluated.add(decisions)
                effort = STEP
            if value is not None and len(value) >= LARGE_BYTES:
                effort = STEP
        if effort >= STEP:
            effort = 0
            yield


def conclude(ruleset: Rulebook, batch: Batch, evaluator: Evaluator, evaluated: Evaluated) -> None:
    """Put the receipt of the batch, all of whose records are decided, behind all that followed from it."""
    if batch.raw:
        at = batch.ours(batch.raw[-1]).appended_at
        evaluated.records.append(encode_outcome(receipt(ruleset, batch, evaluator, evaluated, at)))


def told(firing: Firing) -> dict[str, object]:
    """What the log tells of a firing."""
    return {
        "revision": firing.revision,
        "tenant": firing.tenant,
        "correlation_id": firing.event.correlation_id,
        "trigger_id": firing.trigger_id,
        "firing_id": firing.firing_id,
    }


def blocked_outcome(blocked: Blocked) -> Outcome:
    """The terminal outcome of a match that must not run."""
    firing = blocked.firing
    return Outcome(
        record_id=outcome_record_id(firing.firing_id),
        at=firing.observed_at,
        tenant=firing.tenant,
        firing_id=firing.firing_id,
        trigger_id=firing.trigger_id,
        revision=firing.revision,
        event_uid=firing.event.event_uid,
        correlation_id=firing.lineage.correlation_id,
        depth=firing.lineage.depth,
        status=OutcomeStatus.BLOCKED,
        reason=blocked.reason,
        detail=blocked.detail,
    )


def erred(error: ConditionError) -> ConditionErred:
    """The record of a condition that erred."""
    firing = error.firing
    return ConditionErred(
        record_id=condition_error_record_id(firing.firing_id),
        at=firing.observed_at,
        tenant=firing.tenant,
        firing_id=firing.firing_id,
        trigger_id=firing.trigger_id,
        revision=firing.revision,
        event_uid=firing.event.event_uid,
        correlation_id=firing.lineage.correlation_id,
        depth=firing.lineage.depth,
        detail=error.detail,
    )


def receipt(ruleset: Rulebook, batch: Batch, evaluator: Evaluator, evaluated: Evaluated, at: datetime) -> Receipt:
    """The statement that this batch was decided with this ruleset."""
    topic, partition = batch.topic.value, batch.partition
    return Receipt(
        record_id=receipt_record_id(evaluator.group, topic, partition, batch.first_offset, batch.next_offset),
        at=at,
        group=evaluator.group,
        instance=evaluator.instance,
        topic=topic,
        partition=partition,
        first_offset=batch.first_offset,
        next_offset=batch.next_offset,
        events=evaluated.events,
        firings=len(evaluated.fired),
        blocked=len(evaluated.blocked),
        errors=len(evaluated.errors),
        dead=len(evaluated.dead),
        ruleset=ruleset.fingerprint,
        missing=batch.missing,
    )
