"""What openers remember is bounded; what they forget is gone, whoever still holds a part: the fillers of firings do."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from tests.support.alive import alive
from tests.unit.wire.world import JSON, STRUCTURED, Headers, envelope, headers

from ensue.core.event import Event
from ensue.core.firing import Firing
from ensue.wire.cloudevents import decode_record
from ensue.wire.habits import Habit
from ensue.wire.opened import Opened
from ensue.wire.opening import MOST_HABITS, MOST_LAYOUTS, Opener
from ensue.wire.records import encode_firing

Record = tuple[Headers, bytes | None]

TENANT = "default"
AT = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize("is_structured", [False, True])
def test_habits_do_not_outlive_each_other(is_structured: bool) -> None:  # noqa: FBT001  # a case
    opener = Opener(TENANT, trusted=False, most_habits=64)

    def open_one(event_type: str) -> Opened | None:
        record: Record = (
            ([STRUCTURED], envelope(type=event_type)) if is_structured else (headers(JSON, type=event_type), b"{}")
        )
        event = opener.open(*record)
        return event if isinstance(event, Opened) else None

    before = alive(Habit)
    for number in range(1000):
        open_one(f"type.{number}")
        event = open_one("fires") or open_one("fires")
        assert event is not None
        encode_firing(Firing(UUID(int=number), "default", UUID(int=1), 1, event.event_uid, event, AT))
    assert opener.habits <= 64
    assert alive(Habit) - before < 200


def test_what_is_remembered_is_bounded() -> None:
    opener = Opener(TENANT, trusted=False)
    for number in range(MOST_HABITS + 10):
        opener.open(headers(JSON, type=f"type.{number}"), None)
    assert opener.habits == 10
    for number in range(MOST_LAYOUTS):
        opener.open(headers((f"x-{number}", None), JSON), None)
    assert opener.habits < MOST_LAYOUTS
    for _ in range(2):
        assert opener.open(headers(JSON), b"{}").whole() == decode_record(
            headers(JSON), b"{}", trusted=False, default_tenant=TENANT
        )


@pytest.mark.parametrize(
    "record",
    [
        (headers(JSON, ("x" * 3000, None)), None),
        (headers(("content-type", b"application/json" + b" " * 3000)), None),
        ([STRUCTURED, ("x" * 3000, None)], envelope()),
        ([STRUCTURED], envelope(**{"x" * 3000: "1"})),
        ([STRUCTURED], envelope(**{f"x{number}": "1" for number in range(65)})),
        (headers(JSON, *((f"x-{number}", None) for number in range(65))), None),
        ([("content-type", STRUCTURED[1] + b";" * 3000)], envelope()),
    ],
)
def test_what_is_very_long_is_not_remembered(record: Record) -> None:
    opener = Opener(TENANT, trusted=False)
    for _ in range(2):
        assert opener.open(*record).type == "variant.approved"
    assert opener.habits == 0


def test_a_second_content_type_of_an_envelope_is_remembered_too() -> None:
    other: Headers = [(STRUCTURED[0], STRUCTURED[1] + b"; charset=utf-8")]
    opener = Opener(TENANT, trusted=False)
    opened = [type(opener.open(record, envelope())) for record in ([STRUCTURED], other) for _ in range(2)]
    assert opened == [Event, Opened, Event, Opened]
