"""The decision: what one event yields under a ruleset. Pure and total; whoever asks shares it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from ensue.core.event import Event
from ensue.core.firing import Blocked, ConditionError, Decisions, Firing, fired
from ensue.core.lineage import may_fire
from ensue.core.outcome import Reason
from ensue.core.ruleset import Rulebook
from ensue.core.trigger import Trigger

NOTHING = Decisions()
"""What an event yields about which no condition was asked: this very value."""
NO_MATCH = Decisions()


def decide(ruleset: Rulebook, event: Event, now: datetime) -> Decisions:
    """What `event` yields; `now` is the append time of its record, so that reading it again decides the same.

    A trigger takes part if it listens to the event, is enabled, was active by `now` and, for a replay with targets,
    is one of them. A condition that raises yields a ConditionError for its own trigger and nothing for the others.
    """
    rules = ruleset.rules_for(event)
    if not rules:
        return NOTHING
    firings: list[Firing] = []
    blocked: list[Blocked] = []
    errors: list[ConditionError] = []
    cause_part = b""
    targets = event.targets
    for rule in rules:
        if now < rule.active_since or not _takes_part(rule.trigger, event, targets):
            continue
        try:
            if not rule.matches(event, now):
                continue
        except Exception as error:  # noqa: BLE001  # a condition that errs harms its own trigger only
            cause_part = cause_part or event.identified()
            firing = fired(rule.trigger, event, cause_part, now)
            errors.append(ConditionError(firing, f"{type(error).__name__}: {error}"))
            continue
        trigger, cause_part = rule.trigger, cause_part or event.identified()
        firing = fired(trigger, event, cause_part, now)
        limit = trigger.brakes.max_chain_depth
        if may_fire(event.depth, limit):
            firings.append(firing)
        else:
            blocked.append(_too_deep(firing, limit))
    if firings or blocked or errors:
        return Decisions(tuple(firings), tuple(blocked) if blocked else (), tuple(errors) if errors else ())
    return NO_MATCH


def _takes_part(trigger: Trigger, event: Event, targets: Collection[UUID]) -> bool:
    entity_type = trigger.when.entity_type
    return (
        trigger.enabled
        and (entity_type is None or entity_type == event.entity_type)
        and (not targets or trigger.trigger_id in targets)
    )


def _too_deep(firing: Firing, limit: int) -> Blocked:
    detail = f"the event's depth {firing.event.depth} is not below the trigger's max_chain_depth {limit}"
    return Blocked(firing, Reason.CHAIN_DEPTH, detail)
