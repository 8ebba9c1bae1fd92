"""The place of an incoming event in its chain, as far as only the server can know it. Pure; called by `commands`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from ensue.core.event import Event
from ensue.core.lineage import Lineage


@dataclass(frozen=True, slots=True)
class Cause:
    """An action of this tenant, as an event's causation id names it. depth: that of its firing."""

    correlation_id: UUID
    depth: int


def placed(event: Event, causes: Mapping[UUID, Cause]) -> Event:
    """The event at its true depth: an outside principal may say too much, never too little.

    Where the causation id names an action that we know, its chain is the event's chain too.
    """
    lineage = event.lineage
    cause = causes.get(lineage.causation_id) if lineage.causation_id is not None else None
    if cause is None:
        return event
    depth = max(lineage.depth, cause.depth + 1)
    return replace(event, lineage=Lineage(cause.correlation_id, lineage.causation_id, depth))


def named_causes(events: tuple[Event, ...]) -> list[UUID]:
    """The causation ids of a batch, each once."""
    return sorted({event.lineage.causation_id for event in events if event.lineage.causation_id is not None})
