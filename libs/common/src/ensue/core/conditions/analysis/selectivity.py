"""Selectivity: of sample events, how many a condition takes, and which of its parts decide that. Used by the tools."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.match import compile_condition
from ensue.core.conditions.tree import Condition
from ensue.core.errors import EnsueError
from ensue.core.event import Event


@dataclass(frozen=True, slots=True)
class Selectivity:
    """Of `asked` events `taken` matched; `failed` had no verdict."""

    asked: int
    taken: int
    failed: int = 0

    @property
    def estimate(self) -> float:
        """The share of events that will match, by the rule of succession: never quite 0 or 1."""
        return (self.taken + 1) / (self.asked + 2)


def selectivity(
    condition: Condition, events: Iterable[Event], now: datetime, context: Context = NO_CONTEXT
) -> Selectivity:
    """How many of the events the condition takes, decided at `now`."""
    matcher = compile_condition(condition, context)
    asked = taken = failed = 0
    for event in events:
        asked += 1
        try:
            taken += matcher(event, now)
        except EnsueError:
            failed += 1
    return Selectivity(asked, taken, failed)
