"""Retries: the delay grows to its maximum, never leaves its bounds, and ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.core.errors import InvalidValue
from ensue.core.retry import RetryPolicy

SECOND = timedelta(seconds=1)


def test_the_delay_doubles_up_to_its_maximum() -> None:
    policy = RetryPolicy(max_attempts=12)
    delays = [policy.delay_after(attempt, 0.0) for attempt in range(1, 13)]
    assert delays == [*(SECOND * 2**n for n in range(9)), timedelta(minutes=5), timedelta(minutes=5), None]


@pytest.mark.parametrize(("random", "share"), [(0.0, 1.0), (0.5, 0.75), (0.999999, 0.5)])
def test_half_of_the_delay_is_left_to_chance(random: float, share: float) -> None:
    delay = RetryPolicy().delay_after(3, random)
    assert delay is not None
    assert delay.total_seconds() == pytest.approx(4 * share, abs=1e-4)


def test_the_last_attempt_is_followed_by_none() -> None:
    assert RetryPolicy(max_attempts=1).delay_after(1, 0.5) is None


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True), st.floats(1, 100), st.floats(0, 1))
def test_a_delay_never_leaves_its_bounds(attempt: int, random: float, multiplier: float, jitter: float) -> None:
    policy = RetryPolicy(100, SECOND, multiplier, timedelta(minutes=5), jitter)
    delay = policy.delay_after(attempt, random)
    assert (delay is None) is (attempt == 100)
    assert delay is None or timedelta(0) <= delay <= timedelta(minutes=5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_attempts": 0},
        {"max_attempts": 101},
        {"initial": -SECOND},
        {"initial": timedelta(hours=1)},
        {"maximum": timedelta(days=8)},
        {"multiplier": 0.5},
        {"jitter": 1.5},
    ],
)
def test_a_policy_that_makes_no_sense_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        RetryPolicy(**wrong)
