"""What a long step says about itself while it runs. Reported by devstack, shown by whoever called it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A sentence on what is being done; `done` and `total` (of the same unit) where they are known."""

    text: str
    done: float | None = None
    total: float | None = None


Report = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """For callers that show nothing."""
