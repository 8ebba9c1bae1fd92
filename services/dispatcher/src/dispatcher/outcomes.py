"""What a step of a firing says on `ensue.outcomes`: how each action ended, and once how the firing did. Pure.

Called by the intake and by the settling of attempts, within the transaction of the change. `dispatch.cancel_trigger` in
the migrations says the same in SQL; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.states import Action, Run, Step
from ensue.core.firing import Firing
from ensue.core.ids import action_outcome_record_id, outcome_record_id
from ensue.core.outcome import ActionOutcome, ActionStatus, ActionTaken, Outcome, OutcomeRecord, OutcomeStatus


@dataclass(frozen=True, slots=True)
class Facts:
    """What never changes about a firing."""

    tenant: str
    firing_id: UUID
    trigger_id: UUID
    revision: int
    event_uid: UUID
    correlation_id: UUID
    depth: int

    @classmethod
    def of(cls, firing: Firing) -> Facts:
        """The facts of a firing as it was read."""
        return cls(
            firing.tenant,
            firing.firing_id,
            firing.trigger_id,
            firing.revision,
            firing.event.event_uid,
            firing.lineage.correlation_id,
            firing.lineage.depth,
        )


def told(facts: Facts, step: Step, at: datetime, emitted: Mapping[UUID, UUID]) -> list[OutcomeRecord]:
    """The records of a step. `emitted`: the event_uid of what an action emitted, by action."""
    records: list[OutcomeRecord] = [
        ActionOutcome(
            record_id=action_outcome_record_id(action.action_id),
            at=at,
            tenant=facts.tenant,
            firing_id=facts.firing_id,
            trigger_id=facts.trigger_id,
            correlation_id=facts.correlation_id,
            depth=facts.depth,
            taken=_taken(action),
            emitted_event_uid=emitted.get(action.action_id),
        )
        for action in step.ended
    ]
    return [*records, _outcome(facts, step.run, at)] if step.over else records


def _outcome(facts: Facts, run: Run, at: datetime) -> Outcome:
    return Outcome(
        record_id=outcome_record_id(facts.firing_id),
        at=at,
        tenant=facts.tenant,
        firing_id=facts.firing_id,
        trigger_id=facts.trigger_id,
        revision=facts.revision,
        event_uid=facts.event_uid,
        correlation_id=facts.correlation_id,
        depth=facts.depth,
        status=OutcomeStatus(run.state.value),
        reason=run.reason,
        detail=run.detail,
        actions=tuple(_taken(action) for action in run.actions),
    )


def _taken(action: Action) -> ActionTaken:
    return ActionTaken(
        action_id=action.action_id,
        path=action.path,
        kind=action.kind,
        status=ActionStatus(action.state.value),
        attempts=action.attempt,
        reference=action.reference,
        reason=action.reason,
        detail=action.detail,
    )
