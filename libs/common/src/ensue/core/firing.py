"""What an evaluation yields: a firing, a blocked firing, or the error of a condition. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ensue.core.event import Event, FiringMode
from ensue.core.ids import firing_id_of
from ensue.core.lineage import Lineage
from ensue.core.trigger import Trigger

__all__ = ["Blocked", "ConditionError", "Decisions", "Firing", "FiringMode", "fired"]


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


_new = object.__new__
_set_firing_id = Firing.__dict__["firing_id"].__set__
_set_tenant = Firing.__dict__["tenant"].__set__
_set_trigger_id = Firing.__dict__["trigger_id"].__set__
_set_revision = Firing.__dict__["revision"].__set__
_set_cause = Firing.__dict__["cause"].__set__
_set_event = Firing.__dict__["event"].__set__
_set_observed_at = Firing.__dict__["observed_at"].__set__
_set_replay_no = Firing.__dict__["replay_no"].__set__
_set_mode = Firing.__dict__["mode"].__set__


def fired(trigger: Trigger, event: Event, cause_part: bytes, now: datetime) -> Firing:
    """The firing of `trigger` by `event`, which gave `cause_part` when it was `identified`; decided at `now`.

    One is made for every match, so it is put together without the constructor, which takes twice as long.
    """
    made = _new(Firing)
    tenant, trigger_id = trigger.tenant, trigger.trigger_id
    _set_firing_id(made, firing_id_of(tenant, trigger_id, cause_part))
    _set_tenant(made, tenant)
    _set_trigger_id(made, trigger_id)
    _set_revision(made, trigger.revision)
    _set_cause(made, event.event_uid)
    _set_event(made, event)
    _set_observed_at(made, now)
    _set_replay_no(made, event.replay_no)
    _set_mode(made, event.mode)
    return made


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


class Decisions(NamedTuple):
    """All that one event yields, in the order of `sort_order`, then creation."""

    firings: tuple[Firing, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    errors: tuple[ConditionError, ...] = ()
