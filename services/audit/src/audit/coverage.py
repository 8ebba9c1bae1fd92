"""Which offsets nobody has decided: the union of receipts against a range. Pure.

Used by tests and checks that ask whether every event was evaluated; DESIGN.md section 6, "coverage is their union".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ensue.core.errors import InvalidValue
from ensue.core.outcome import Receipt


class Gap(NamedTuple):
    """Offsets [first, next) that no receipt covers."""

    first: int
    next: int


def coverage(receipts: Iterable[Receipt], start: int, end: int) -> tuple[Gap, ...]:
    """The gaps in [start, end) that the receipts of one partition leave, in order.

    Receipts may come in any order, overlap and repeat. Offsets that a receipt names as missing are not covered by it.
    InvalidValue if the receipts are of more than one partition.
    """
    ranges, places = [], set()
    for receipt in receipts:
        places.add((receipt.topic, receipt.partition))
        held = receipt.first_offset + receipt.missing
        if held < receipt.next_offset:
            ranges.append((held, receipt.next_offset))
    if len(places) > 1:
        raise InvalidValue(f"coverage is asked of one partition, not of {len(places)}")
    gaps, reached = [], start
    for first, following in sorted(ranges):
        if first > reached:
            gaps.append(Gap(reached, min(first, end)))
        reached = max(reached, following)
        if reached >= end:
            break
    if reached < end:
        gaps.append(Gap(reached, end))
    return tuple(gap for gap in gaps if gap.first < gap.next)
