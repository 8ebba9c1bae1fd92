"""Durations as people write them: a number of seconds, or "90s", "5m", "1h30m", "2d", "500ms"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from ensue.core.json import Json

EXPECTED: Final = 'a number of seconds, or a text such as "30s", "5m" or "1h30m"'

_TEXT = re.compile(
    r"(?:(?P<days>\d{1,5})d)?(?:(?P<hours>\d{1,6})h)?(?:(?P<minutes>\d{1,8})m)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,6})?)s)?"
    r"(?:(?P<milliseconds>\d{1,9})ms)?",
    re.ASCII,
)
_MOST_SECONDS = 10**9


def parse_duration(value: Json) -> timedelta | None:
    """The duration that was written; None where it is none (or negative, or over 30 years)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return timedelta(seconds=value) if 0 <= value <= _MOST_SECONDS else None
    found = _TEXT.fullmatch(value) if isinstance(value, str) and value else None
    if found is None:
        return None
    duration = timedelta(**{unit: float(number) for unit, number in found.groupdict().items() if number})
    return duration if duration.total_seconds() <= _MOST_SECONDS else None
