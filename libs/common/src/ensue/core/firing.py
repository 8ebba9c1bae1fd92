"""What an evaluation yields: a firing, a blocked firing, or the error of a condition. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ensue.core.event import Event, FiringMode
from ensue.core.lineage import Lineage

__all__ = ["Blocked", "ConditionError", "Decisions", "Firing", "FiringMode"]


@dataclass(frozen=True, slots=True)
class Firing:
    """One trigger having fired because of one cause.

    cause: an `event_uid` (or, later, a pattern's window key).
    observed_at: the append time of the event's record: the *now* of the decision.
    """

    firing_id: UUID
    tenant: str
    trigger_id: UUID
    revision: int
    cause: UUID
    event: Event
    observed_at: datetime
    replay_no: int = 0
    mode: FiringMode = FiringMode.LIVE

    @property
    def lineage(self) -> Lineage:
        """The lineage of the event that caused this firing."""
        return self.event.lineage


@dataclass(frozen=True, slots=True)
class Blocked:
    """A match that must not run; `reason` is one of `Reason`, `detail` a sentence for people."""

    firing: Firing
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class ConditionError:
    """A trigger whose condition erred on an event: it does not fire, the others do."""

    firing: Firing
    detail: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """All that one event yields, in the order of `sort_order`, then creation."""

    firings: tuple[Firing, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    errors: tuple[ConditionError, ...] = ()
