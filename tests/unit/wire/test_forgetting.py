"""What is forgotten of habits is gone, whoever still holds one of them: the fillers of firings do."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from uuid import UUID

import pytest
from tests.unit.wire.world import JSON, STRUCTURED, Headers, envelope, headers

from ensue.core.firing import Firing
from ensue.wire.habits import Habit
from ensue.wire.opened import Opened
from ensue.wire.opening import Opener
from ensue.wire.records import encode_firing

AT = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize("is_structured", [False, True])
def test_habits_do_not_outlive_each_other(is_structured: bool) -> None:  # noqa: FBT001  # a case
    opener = Opener("default", trusted=False, most_habits=64)

    def open_one(event_type: str) -> Opened | None:
        record: tuple[Headers, bytes] = (
            ([STRUCTURED], envelope(type=event_type)) if is_structured else (headers(JSON, type=event_type), b"{}")
        )
        event = opener.open(*record)
        return event if isinstance(event, Opened) else None

    before = _habits()
    for number in range(1000):
        open_one(f"type.{number}")
        event = open_one("fires") or open_one("fires")
        assert event is not None
        encode_firing(Firing(UUID(int=number), "default", UUID(int=1), 1, event.event_uid, event, AT))
    assert opener.habits <= 64
    assert _habits() - before < 200


def _habits() -> int:
    gc.collect()
    return sum(isinstance(each, Habit) for each in gc.get_objects())
