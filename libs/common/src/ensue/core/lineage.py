"""Lineage: where in its chain an event stands, and the rule by which depth grows and ends a chain."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ensue.core.errors import InvalidValue

DEFAULT_MAX_CHAIN_DEPTH = 10
HIGHEST_MAX_CHAIN_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Lineage:
    """The chain of an event.

    correlation_id: `event_uid` of the chain's root event.
    causation_id: id of the action that caused this event; None for a root.
    depth: 0 for a root; one more than the firing whose action caused it.
    """

    correlation_id: UUID
    causation_id: UUID | None = None
    depth: int = 0

    def __post_init__(self) -> None:
        if self.depth < 0:
            raise InvalidValue(f"depth must be 0 or more, not {self.depth}")

    def after(self, action_id: UUID) -> Lineage:
        """The lineage of whatever goes out of an action of a firing that has this lineage."""
        return Lineage(self.correlation_id, action_id, self.depth + 1)


def may_fire(depth: int, max_chain_depth: int) -> bool:
    """An event of depth d may fire a trigger only while d is below the trigger's limit."""
    return depth < max_chain_depth
