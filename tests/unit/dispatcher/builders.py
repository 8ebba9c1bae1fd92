"""Builders of the dispatcher's values, with defaults. Used by its unit tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dispatcher.claims import Claim
from ensue.core.event import Event
from ensue.core.firing import Firing
from ensue.core.ids import event_uid, firing_id
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.core.trigger import ActionSpec, Brakes, EventWhen, Mode, Then, Trigger

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TRIGGER = UUID(int=7)
CLAIM = Claim(
    action_id=UUID(int=1),
    firing_id=UUID(int=100),
    trigger_id=TRIGGER,
    tenant="studio",
    kind="log",
    lane="studio/",
    request='{"message":"hello"}',
    flaw=None,
    timeout=timedelta(seconds=15),
    attempt=1,
    fence=1,
    correlation_id=UUID(int=200),
    depth=2,
    observed_at=NOW,
)


def a_claim(number: int = 1, **fields: object) -> Claim:
    """The claim of action `number`."""
    return replace(CLAIM, action_id=UUID(int=number), **fields)  # type: ignore[arg-type]  # fields of a claim


def a_firing(number: int = 1, *, depth: int = 0) -> Firing:
    """The firing of the trigger on event `number`."""
    uid = event_uid("studio", "/studio", f"e-{number}")
    event = Event(
        uid, "studio", f"e-{number}", "/studio", "variant.approved", Lineage(uid, depth=depth), data={"n": number}
    )
    return Firing(firing_id("studio", TRIGGER, uid, 0), "studio", TRIGGER, 1, uid, event, NOW)


def an_action(place: int, kind: str = "log", **params: Json) -> ActionSpec:
    """The action at `place`."""
    return ActionSpec(f"actions.{place}", kind, params)


def a_trigger(*actions: ActionSpec, mode: Mode = Mode.SEQUENTIAL, depth: int = 10) -> Trigger:
    """A trigger with these actions."""
    then = Then(actions or (an_action(0),), mode)
    when = EventWhen(("variant.approved",))
    return Trigger(TRIGGER, "studio", 1, "Generate scenes", when, then, NOW, brakes=Brakes(depth))
