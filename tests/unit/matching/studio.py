"""The triggers and events of the tests of rulesets with an index."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tests.support.conditions import NOW

from ensue.core.conditions.tree import ALWAYS, All, Condition, Test
from ensue.core.event import Event
from ensue.core.firing import Decisions
from ensue.core.ids import event_uid
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.core.trigger import ActionSpec, EventWhen, Then, Trigger

STUDIO, OTHER = "studio", "other"
TYPE = "variant.approved"


def a_trigger(
    number: int, where: Condition = ALWAYS, *, types: Sequence[str] = (TYPE,), tenant: str = STUDIO
) -> Trigger:
    return Trigger(
        trigger_id=UUID(int=number, version=4),
        tenant=tenant,
        revision=1,
        name=f"trigger {number}",
        when=EventWhen(tuple(types)),
        then=Then((ActionSpec("actions.0", "log", {}),)),
        active_since=NOW,
        where=where,
        sort_order=number % 3,
    )


def an_event(data: Json, *, tenant: str = STUDIO) -> Event:
    uid = event_uid(tenant, "/studio", "1")
    return Event(uid, tenant, "1", "/studio", TYPE, Lineage(uid, None, 0), data=data)


def said(decisions: Decisions) -> object:
    """What is decided about an event, whatever is written beside its type and data."""
    errors = [(error.firing.trigger_id, error.detail) for error in decisions.errors]
    return [[firing.trigger_id for firing in decisions.firings], errors]


def a_variant(number: int) -> Condition:
    return All((Test(("data", "variant"), "eq", number), Test(("data", "score"), "gte", 0.5)))
