"""CloudEvents on topics: both modes read alike, binary written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.core.world import an_event, trigger_id
from tests.unit.wire.world import (
    CAUSE,
    CHAIN,
    DATA,
    JSON,
    STRUCTURED,
    Headers,
    decoded,
    envelope,
    headers,
    in_base64,
)

from ensue.core.errors import InvalidValue
from ensue.core.event import Event, FiringMode
from ensue.core.ids import event_uid
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.wire.cloudevents import encode_event
from ensue.wire.errors import EventTooLarge
from ensue.wire.topics import Topic


def test_binary_mode_is_read() -> None:
    assert decoded(headers(JSON), json.dumps(DATA).encode()) == Event(
        event_uid=event_uid("default", "/studio", "1"),
        tenant="default",
        id="1",
        source="/studio",
        type="variant.approved",
        lineage=Lineage(CHAIN, CAUSE, 3),
        subject="variant-42",
        time=datetime(2026, 3, 2, 11, 59, 59, 500000, tzinfo=UTC),
        entity_type="variant",
        data=DATA,
        dataschema="https://studio.example/variant.json",
        extensions={"color": "grün"},
    )


def test_structured_mode_gives_the_same_event() -> None:
    assert decoded([STRUCTURED], envelope()) == decoded(headers(JSON), json.dumps(DATA).encode())


def test_the_content_type_decides_the_mode_whatever_headers_there_are() -> None:
    repeated = headers(STRUCTURED, id="another", source="/elsewhere")
    assert decoded(repeated, envelope()).id == "1"
    as_data = decoded(headers(JSON), envelope())
    assert isinstance(as_data.data, dict)
    assert as_data.data["specversion"] == "1.0"


@pytest.mark.parametrize(
    "content_type", [b"APPLICATION/CloudEvents+JSON", b"application/cloudevents+json;charset=utf-8;x=y"]
)
def test_the_content_type_is_read_whatever_its_case_and_parameters(content_type: bytes) -> None:
    assert decoded([("Content-Type", content_type)], envelope()).id == "1"


def test_what_is_written_is_binary_and_is_read_back_as_it_was() -> None:
    event = an_event(
        data={"big": 2**70, "fraction": 0.1, "text": "ü\u2028\x7f", "none": None},
        lineage=Lineage(CHAIN, CAUSE, 2),
        entity_type="production",
        extensions={"color": "grün"},
        dataschema="urn:x",
        replay_no=2,
        targets=(trigger_id(1), trigger_id(2)),
        mode=FiringMode.TEST,
    )
    record = encode_event(event, Topic.SYSTEM)
    assert dict(record.headers)["content-type"] == b"application/json"
    assert decoded(list(record.headers), record.value, trusted=True) == event


def test_an_event_without_data_has_neither_value_nor_content_type() -> None:
    record = encode_event(an_event(data=None), Topic.EVENTS)
    assert record.value is None
    assert "content-type" not in dict(record.headers)
    assert decoded(list(record.headers), record.value) == an_event(data=None)


def test_the_key_is_tenant_and_subject_or_else_the_event() -> None:
    assert encode_event(an_event("1"), Topic.EVENTS).key == b"studio/variant-42"
    assert encode_event(an_event("2"), Topic.EVENTS).key == b"studio/variant-42"
    assert encode_event(an_event("2", subject=None), Topic.EVENTS).key == b"studio/2"


def nested(levels: int) -> Json:
    """So many arrays in one another."""
    content: Json = []
    for _ in range(levels - 1):
        content = [content]
    return content


@pytest.mark.parametrize(
    "changes",
    [{"type": ""}, {"subject": "x\x00"}, {"id": "x" * 3000}, {"subject": ""}, {"data": nested(65)}, {"data": "\x00"}],
)
def test_an_event_that_nobody_could_read_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        encode_event(an_event(**changes), Topic.EVENTS)


def test_an_event_nested_as_deep_as_may_be_is_written() -> None:
    assert encode_event(an_event(data=nested(64)), Topic.EVENTS).value == b"[" * 64 + b"]" * 64


def test_an_event_over_the_limit_is_not_written() -> None:
    with pytest.raises(EventTooLarge) as error:
        encode_event(an_event(data="x" * 262_143), Topic.EVENTS)
    assert (error.value.size, error.value.limit) == (262_145, 262_144)


def test_a_root_is_its_own_chain() -> None:
    event = decoded(headers(correlationid=None, causationid=None, chaindepth=None), None)
    assert event.lineage == Lineage(event.event_uid, None, 0)


def test_the_tenant_is_the_header_s_or_else_the_default() -> None:
    assert decoded(headers(tenant="studio")).tenant == "studio"
    assert decoded(headers()).tenant == "default"
    assert decoded(headers(tenant="studio")).event_uid == event_uid("studio", "/studio", "1")


def test_headers_of_others_may_hold_anything() -> None:
    foreign: Headers = [("traceparent", b"\xff"), ("x", None), ("x", b"2"), ("ceremony", b"1")]
    assert decoded(headers(*foreign)) == decoded(headers())


@pytest.mark.parametrize("value", [None, b"", b"null"])
def test_no_data_is_no_data(value: bytes | None) -> None:
    assert decoded(headers(JSON), value).data is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-02T12:00:00Z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02t12:00:00z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00.123456789+02:00", datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2024-02-29T23:59:59-00:30", datetime(2024, 3, 1, 0, 29, 59, tzinfo=UTC)),
    ],
)
def test_times_are_read_into_utc(text: str, instant: datetime) -> None:
    assert decoded(headers(time=text)).time == instant


def test_the_content_type_may_be_repeated_as_an_attribute_as_the_javascript_sdk_does() -> None:
    expected = decoded(headers(JSON), json.dumps(DATA).encode())
    for around in ((JSON,), ()):
        repeated = headers(*around, datacontenttype="application/json")
        assert decoded(repeated, json.dumps(DATA).encode()) == expected


@pytest.mark.parametrize(("written", "depth"), [(3, 3), ("3", 3), (0, 0), (None, 0), (2**31 - 1, 2**31 - 1)])
def test_a_structured_depth_may_be_a_number_or_a_text(written: Json, depth: int) -> None:
    assert decoded([STRUCTURED], envelope(chaindepth=written)).lineage.depth == depth


@pytest.mark.parametrize(("header", "written", "depth"), [("7", 3, 7), ("2", 3, 3), ("7", None, 7)])
def test_of_two_depths_the_greater_counts(header: str, written: Json, depth: int) -> None:
    records: Headers = [STRUCTURED, ("ce_chaindepth", header.encode())]
    assert decoded(records, envelope(chaindepth=written)).lineage.depth == depth


def test_data_in_base64_is_read() -> None:
    assert decoded([STRUCTURED], in_base64("eyJhIjogMX0=")).data == {"a": 1}


def test_numbers_and_booleans_of_extensions_become_text() -> None:
    event = decoded([STRUCTURED], envelope(color=7, shape=True, gone=None))
    assert event.extensions == {"color": "7", "shape": "true"}


def test_on_our_own_topic_replays_and_our_sources_are_believed() -> None:
    targets = f"{trigger_id(1)},{trigger_id(2)}"
    records = headers(JSON, source="ensue://studio/clock", replayno="2", targets=targets, mode="test")
    event = decoded(records, trusted=True)
    assert (event.source, event.replay_no, event.mode) == ("ensue://studio/clock", 2, FiringMode.TEST)
    assert event.targets == (trigger_id(1), trigger_id(2))
