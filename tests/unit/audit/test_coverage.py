"""Coverage: which offsets no receipt speaks of."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.coverage import Gap, coverage
from ensue.core.errors import InvalidValue
from ensue.core.ids import receipt_record_id
from ensue.core.outcome import Receipt
from ensue.testing.clock import FrozenClock

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12), st.integers(0, 4)), max_size=12)


def receipt(first: int, following: int, missing: int = 0, partition: int = 0) -> Receipt:
    """A receipt of [first, following)."""
    return Receipt(
        record_id=receipt_record_id("e", "ensue.events", partition, first, following),
        at=FrozenClock().now(),
        group="e",
        instance="e-1",
        topic="ensue.events",
        partition=partition,
        first_offset=first,
        next_offset=following,
        events=following - first - missing,
        firings=0,
        blocked=0,
        errors=0,
        dead=0,
        ruleset="",
        missing=missing,
    )


def test_receipts_that_tile_the_range_leave_no_gap() -> None:
    assert coverage([receipt(0, 5), receipt(5, 6), receipt(6, 10)], 0, 10) == ()


def test_nothing_covers_nothing() -> None:
    assert coverage([], 3, 9) == (Gap(3, 9),)
    assert coverage([], 3, 3) == ()


def test_gaps_are_told_before_between_and_after() -> None:
    assert coverage([receipt(6, 8), receipt(2, 4)], 0, 10) == (Gap(0, 2), Gap(4, 6), Gap(8, 10))


def test_overlaps_and_repetitions_are_harmless() -> None:
    """A batch read again after a crash may have other bounds."""
    assert coverage([receipt(0, 6), receipt(0, 6), receipt(4, 9), receipt(1, 2), receipt(8, 10)], 0, 10) == ()


def test_offsets_that_were_lost_are_not_covered() -> None:
    assert coverage([receipt(0, 4), receipt(4, 10, missing=3)], 0, 10) == (Gap(4, 7),)


def test_receipts_of_two_partitions_are_no_question() -> None:
    with pytest.raises(InvalidValue):
        coverage([receipt(0, 5), receipt(0, 5, partition=1)], 0, 5)


@given(ranges=RANGES, start=st.integers(0, 30), length=st.integers(0, 30))
def test_gaps_are_exactly_the_offsets_that_no_receipt_holds(
    ranges: list[tuple[int, int, int]], start: int, length: int
) -> None:
    receipts = [receipt(first, first + size + lost, lost) for first, size, lost in ranges]
    held = {offset for r in receipts for offset in range(r.first_offset + r.missing, r.next_offset)}
    gaps = coverage(receipts, start, start + length)
    told = {offset for gap in gaps for offset in range(gap.first, gap.next)}
    assert told == set(range(start, start + length)) - held
    assert list(gaps) == sorted(gaps)
    assert all(one.next < other.first for one, other in pairwise(gaps))
