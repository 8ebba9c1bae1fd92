"""How long to wait before another attempt, and when to stop. The dispatcher turns the answer into a `due_at`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ensue.core.errors import InvalidValue

HIGHEST_MAX_ATTEMPTS = 100
HIGHEST_DELAY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off with jitter.

    max_attempts: how often an action is tried in all, the first time included.
    initial, multiplier, maximum: attempt n is followed by `initial * multiplier ** (n - 1)`, at most `maximum`.
    jitter: the share of that delay which is left to chance (0 none, 1 all of it), so that what failed together
        does not come back together.
    """

    max_attempts: int = 5
    initial: timedelta = timedelta(seconds=1)
    multiplier: float = 2.0
    maximum: timedelta = timedelta(minutes=5)
    jitter: float = 0.5

    def __post_init__(self) -> None:
        if not 1 <= self.max_attempts <= HIGHEST_MAX_ATTEMPTS:
            raise InvalidValue(f"max_attempts must be 1 to {HIGHEST_MAX_ATTEMPTS}, not {self.max_attempts}")
        if not timedelta(0) <= self.initial <= self.maximum <= HIGHEST_DELAY:
            raise InvalidValue("initial must be 0 or more, at most maximum, and maximum at most 7 days")
        if not 1.0 <= self.multiplier <= 100.0:
            raise InvalidValue(f"multiplier must be 1 to 100, not {self.multiplier}")
        if not 0.0 <= self.jitter <= 1.0:
            raise InvalidValue(f"jitter must be 0 to 1, not {self.jitter}")

    def delay_after(self, attempt: int, random: float) -> timedelta | None:
        """The wait after failed attempt `attempt` (from 1); None when it was the last. `random` is in [0, 1)."""
        if attempt >= self.max_attempts:
            return None
        # Python's floats raise on overflow; 100 attempts at multiplier 100 stay below it (1e198).
        seconds = min(self.initial.total_seconds() * self.multiplier ** (attempt - 1), self.maximum.total_seconds())
        return timedelta(seconds=seconds * (1.0 - self.jitter * random))
