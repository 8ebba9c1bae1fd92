"""The small world of these tests: a studio whose variants are approved, and builders with defaults."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ensue.core.conditions.tree import ALWAYS, Condition
from ensue.core.event import Event
from ensue.core.ids import event_uid
from ensue.core.lineage import Lineage
from ensue.core.trigger import ActionSpec, Brakes, EventWhen, Then, Trigger

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MORNING = NOON - timedelta(hours=3)
STUDIO = "studio"


def trigger_id(number: int) -> UUID:
    """The id of the studio's n-th trigger."""
    return UUID(int=number, version=4)


def a_trigger(
    number: int = 1,
    *,
    types: Sequence[str] = ("variant.approved",),
    where: Condition = ALWAYS,
    max_chain_depth: int = 10,
    entity_type: str | None = None,
    **changes: Any,  # noqa: ANN401  # any field of a trigger
) -> Trigger:
    """A trigger that listens for approved variants since this morning."""
    fields: dict[str, Any] = {
        "trigger_id": trigger_id(number),
        "tenant": STUDIO,
        "revision": 1,
        "name": f"Generate scenes {number}",
        "when": EventWhen(tuple(types), entity_type),
        "then": Then((ActionSpec("actions.0", "log", {}),)),
        "active_since": MORNING,
        "where": where,
        "brakes": Brakes(max_chain_depth),
        "created_at": MORNING,
    }
    return Trigger(**{**fields, **changes})


def an_event(event_id: str = "1", *, tenant: str = STUDIO, depth: int = 0, **changes: Any) -> Event:  # noqa: ANN401  # fields
    """Variant 42 of project 7 has been approved."""
    uid = event_uid(tenant, "/studio", event_id)
    fields: dict[str, Any] = {
        "event_uid": uid,
        "tenant": tenant,
        "id": event_id,
        "source": "/studio",
        "type": "variant.approved",
        "lineage": Lineage(uid, None, depth),
        "subject": "variant-42",
        "time": NOON - timedelta(seconds=1),
        "entity_type": "variant",
        "data": {"project_id": 7, "variant_id": 42, "score": 0.93, "tags": ["rush"]},
    }
    return Event(**{**fields, **changes})
