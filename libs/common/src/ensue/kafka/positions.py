"""Where to go on reading: from what the group has committed and what the broker still has. Pure.

Called by `ensue.kafka.consumer` after every assignment. The client's own `auto_offset_reset` is "none": a start at the
beginning, and a gap, are decided here and said aloud.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How the committed position stands to what the broker has."""

    FRESH = "fresh"  # nothing was ever committed: this group starts at the beginning
    CONTINUED = "continued"
    GAP = "gap"  # records went before they were read: retention, deletion
    TRUNCATED = "truncated"  # the broker has less than was read already: a lossy failover, or the topic was made anew


@dataclass(frozen=True, slots=True)
class Start:
    """expected: the first offset that the next batch accounts for. seek: where the broker's records begin.

    lost: offsets that are gone; in a gap the first `seek - expected` of the next batch, else none of them.
    """

    standing: Standing
    expected: int
    seek: int
    lost: int = 0

    @property
    def missing(self) -> int:
        """What `Batch.missing` says of the first batch."""
        return self.seek - self.expected


def start_of(committed: int | None, first: int, end: int) -> Start:
    """Where to start: `committed` is the group's position (None: never any), the broker has [first, end)."""
    if committed is None:
        return Start(Standing.FRESH, first, first)
    if committed < first:
        return Start(Standing.GAP, committed, first, lost=first - committed)
    if committed > end:
        return Start(Standing.TRUNCATED, first, first, lost=committed - end)
    return Start(Standing.CONTINUED, committed, committed)
