"""Where to go on reading, as a table and as laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.kafka.positions import Standing, Start, start_of


@pytest.mark.parametrize(
    ("committed", "first", "end", "start"),
    [
        (None, 0, 0, Start(Standing.FRESH, 0, 0)),
        (None, 7, 9, Start(Standing.FRESH, 7, 7)),
        (5, 0, 9, Start(Standing.CONTINUED, 5, 5)),
        (9, 0, 9, Start(Standing.CONTINUED, 9, 9)),
        (5, 5, 5, Start(Standing.CONTINUED, 5, 5)),
        (5, 8, 9, Start(Standing.GAP, 5, 8, lost=3)),
        (5, 9, 9, Start(Standing.GAP, 5, 9, lost=4)),
        (9, 0, 4, Start(Standing.TRUNCATED, 0, 0, lost=5)),
    ],
)
def test_the_table(committed: int | None, first: int, end: int, start: Start) -> None:
    assert start_of(committed, first, end) == start


@given(st.none() | st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_nothing_that_the_broker_still_has_is_skipped(committed: int | None, first: int, more: int) -> None:
    start = start_of(committed, first, first + more)
    assert first <= start.seek <= first + more
    assert start.seek == (first if committed is None else min(max(committed, first), first + more)) or (
        start.standing is Standing.TRUNCATED
    )
    assert start.missing >= 0
