"""Trigger: a standing wish (*when* ... *where* ... *then* ...) at one revision. Parsed by `ensue.wire`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from ensue.core.conditions.tree import ALWAYS, Condition
from ensue.core.errors import InvalidValue
from ensue.core.event import Event
from ensue.core.json import Json
from ensue.core.lineage import DEFAULT_MAX_CHAIN_DEPTH, HIGHEST_MAX_CHAIN_DEPTH
from ensue.core.retry import RetryPolicy


class Mode(StrEnum):
    """How the actions of a firing run: one after the other, or together."""

    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True)
class EventWhen:
    """Fires on events of one of `types` (exact), and of `entity_type` where that is given."""

    types: tuple[str, ...]
    entity_type: str | None = None

    def admits(self, event: Event) -> bool:
        """Whether the event is of a type (and entity) that this trigger listens to."""
        return event.type in self.types and self.entity_type in (None, event.entity_type)


@dataclass(frozen=True, slots=True)
class Brakes:
    """What holds a trigger back."""

    max_chain_depth: int = DEFAULT_MAX_CHAIN_DEPTH

    def __post_init__(self) -> None:
        if not 1 <= self.max_chain_depth <= HIGHEST_MAX_CHAIN_DEPTH:
            raise InvalidValue(f"max_chain_depth must be 1 to {HIGHEST_MAX_CHAIN_DEPTH}, not {self.max_chain_depth}")


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action as its trigger words it.

    path: its place within `then`, e.g. "actions.0".
    params: the kind's own fields as they were written, templates included.
    timeout: how long one attempt may take; None leaves it to the kind.
    """

    path: str
    kind: str
    params: Mapping[str, Json]
    timeout: timedelta | None = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class Then:
    """What follows a match: at least one action."""

    actions: tuple[ActionSpec, ...]
    mode: Mode = Mode.SEQUENTIAL

    def __post_init__(self) -> None:
        if not self.actions:
            raise InvalidValue("then.actions must hold at least one action")


@dataclass(frozen=True, slots=True)
class Trigger:
    """One revision of a trigger.

    active_since: it never matches records appended before this instant (created, or last enabled).
    """

    trigger_id: UUID
    tenant: str
    revision: int
    name: str
    when: EventWhen
    then: Then
    active_since: datetime
    enabled: bool = True
    where: Condition = field(default=ALWAYS)
    delay: timedelta = timedelta(0)
    brakes: Brakes = field(default_factory=Brakes)
    sort_order: int = 0
    created_at: datetime | None = None
