"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ensue.core.durations import parse_duration
from ensue.core.json import Json


@pytest.mark.parametrize(
    ("written", "duration"),
    [
        (0, timedelta(0)),
        (90, timedelta(seconds=90)),
        (0.5, timedelta(milliseconds=500)),
        ("0s", timedelta(0)),
        ("90s", timedelta(seconds=90)),
        ("1.5s", timedelta(seconds=1.5)),
        ("500ms", timedelta(milliseconds=500)),
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("2d", timedelta(days=2)),
        ("1d2h3m4s5ms", timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5)),
    ],
)
def test_a_duration_is_read(written: Json, duration: timedelta) -> None:
    assert parse_duration(written) == duration


@pytest.mark.parametrize(
    "written",
    [
        -1,
        "",
        "5",
        "5 m",
        "m",
        "1m1h",
        "-5m",
        "٣s",
        "1.5h",
        "1h1h",
        True,
        None,
        [],
        1e300,
        float("nan"),
        "99999d",
        10**400,
    ],
)
def test_anything_else_is_no_duration(written: Json) -> None:
    assert parse_duration(written) is None
