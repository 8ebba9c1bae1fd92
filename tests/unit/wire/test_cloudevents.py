"""CloudEvents on topics: both modes read alike, binary written, and a named error for everything else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.unit.core.world import an_event, trigger_id

from ensue.core.errors import InvalidValue
from ensue.core.event import Event, FiringMode
from ensue.core.ids import event_uid
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.wire.cloudevents import decode_record, encode_event
from ensue.wire.errors import DecodeError, EventTooLarge
from ensue.wire.topics import Topic

JSON = ("content-type", b"application/json")
STRUCTURED = ("content-type", b"application/cloudevents+json; charset=UTF-8")
CHAIN = UUID("6fa459ea-ee8a-5ca4-894e-db77e160355e")
CAUSE = UUID("16fd2706-8baf-533b-82eb-8c7fada847da")
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "1",
    "source": "/studio",
    "type": "variant.approved",
    "subject": "variant-42",
    "time": "2026-03-02T11:59:59.5Z",
    "dataschema": "https://studio.example/variant.json",
    "correlationid": str(CHAIN),
    "causationid": str(CAUSE),
    "chaindepth": "3",
    "color": "grün",
}
DATA: Json = {"variant_id": 42, "score": 0.93}


def headers(*first: tuple[str, bytes | None], **changes: str | None) -> list[tuple[str, bytes | None]]:
    """The headers of the approved variant; a change to None leaves an attribute out."""
    named = {name: text for name, text in {**ATTRIBUTES, **changes}.items() if text is not None}
    return [*first, *((f"ce_{name}", text.encode()) for name, text in named.items())]


def envelope(**changes: Any) -> bytes:  # noqa: ANN401  # any JSON
    """The same event as one JSON object."""
    return json.dumps({**ATTRIBUTES, "data": DATA, **changes}).encode()


def decoded(records: list[tuple[str, bytes | None]], value: bytes | None = b"{}", *, trusted: bool = False) -> Event:
    """What the evaluator would read."""
    return decode_record(records, value, trusted=trusted, default_tenant="default")


def reason_of(records: list[tuple[str, bytes | None]], value: bytes | None = b"{}", *, trusted: bool = False) -> str:
    """Why the evaluator would not read it."""
    with pytest.raises(DecodeError) as error:
        decoded(records, value, trusted=trusted)
    return str(error.value.reason)


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


@pytest.mark.requirement("R2.3")
def test_structured_mode_gives_the_same_event() -> None:
    assert decoded([STRUCTURED], envelope()) == decoded(headers(JSON), json.dumps(DATA).encode())


@pytest.mark.requirement("R2.3")
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


@pytest.mark.requirement("R2.3")
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


@pytest.mark.requirement("R2.5")
def test_the_key_is_tenant_and_subject_or_else_the_event() -> None:
    assert encode_event(an_event("1"), Topic.EVENTS).key == b"studio/variant-42"
    assert encode_event(an_event("2"), Topic.EVENTS).key == b"studio/variant-42"
    assert encode_event(an_event("2", subject=None), Topic.EVENTS).key == b"studio/2"


@pytest.mark.parametrize("changes", [{"type": ""}, {"subject": "x\x00"}, {"id": "x" * 3000}, {"subject": ""}])
def test_an_event_that_nobody_could_read_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        encode_event(an_event(**changes), Topic.EVENTS)


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
    foreign: list[tuple[str, bytes | None]] = [("traceparent", b"\xff"), ("x", None), ("x", b"2"), ("ceremony", b"1")]
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


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("specversion", None, "missing_attribute"),
        ("specversion", "0.3", "invalid_attribute"),
        ("specversion", "1", "invalid_attribute"),
        ("id", None, "missing_attribute"),
        ("id", "", "invalid_attribute"),
        ("source", None, "missing_attribute"),
        ("source", "", "invalid_attribute"),
        ("type", None, "missing_attribute"),
        ("type", "", "invalid_attribute"),
        ("type", "a\nb", "invalid_attribute"),
        ("type", "x" * 2049, "too_large"),
        ("subject", "", "invalid_attribute"),
        ("subject", "\x00", "invalid_attribute"),
        ("subject", "ü" * 1025, "too_large"),
        ("time", "yesterday", "invalid_attribute"),
        ("time", "2026-03-02", "invalid_attribute"),
        ("time", "2026-03-02T12:00:00", "invalid_attribute"),
        ("time", "2026-02-30T12:00:00Z", "invalid_attribute"),
        ("time", "2026-03-02T12:00:60Z", "invalid_attribute"),
        ("time", "0001-01-01T00:00:00+23:59", "invalid_attribute"),
        ("time", "٢026-03-02T12:00:00Z", "invalid_attribute"),
        ("tenant", "Studio", "invalid_attribute"),
        ("tenant", "", "invalid_attribute"),
        ("tenant", "-x", "invalid_attribute"),
        ("tenant", "x" * 64, "invalid_attribute"),
        ("tenant", "a/b", "invalid_attribute"),
        ("correlationid", "chain-1", "invalid_attribute"),
        ("correlationid", "{6fa459ea-ee8a-5ca4-894e-db77e160355e}", "invalid_attribute"),
        ("causationid", "", "invalid_attribute"),
        ("chain_depth", "1", "invalid_attribute"),
        ("Color", "1", "invalid_attribute"),
        ("", "1", "invalid_attribute"),
        ("data", "1", "invalid_attribute"),
        ("datacontenttype", "text/plain", "unsupported_content_type"),
        ("replayno", "1", "forbidden_attribute"),
        ("targets", str(CHAIN), "forbidden_attribute"),
        ("mode", "live", "forbidden_attribute"),
        ("source", "ensue://studio/triggers/1", "forbidden_attribute"),
        ("source", " ENSUE://x", "forbidden_attribute"),
        ("source", "ensue:x", "forbidden_attribute"),
    ],
)
def test_a_malformed_attribute_has_a_named_error(name: str, text: str | None, reason: str) -> None:
    assert reason_of(headers(JSON, **{name: text})) == reason


def test_the_content_type_may_be_repeated_as_an_attribute_as_the_javascript_sdk_does() -> None:
    expected = decoded(headers(JSON), json.dumps(DATA).encode())
    for around in ((JSON,), ()):
        repeated = headers(*around, datacontenttype="application/json")
        assert decoded(repeated, json.dumps(DATA).encode()) == expected


@pytest.mark.requirement("R6.4")
@pytest.mark.parametrize(
    "depth", ["-1", "abc", "x", str(10**30), "1.0", "+1", " 1", "01", "", "1e1", "٣", "0x1", str(2**31), "NaN", "true"]
)
def test_a_depth_that_is_no_whole_number_is_an_invalid_depth(depth: str) -> None:
    assert reason_of(headers(JSON, chaindepth=depth)) == "invalid_depth"
    assert reason_of([STRUCTURED], envelope(chaindepth=depth)) == "invalid_depth"


@pytest.mark.requirement("R6.4")
@pytest.mark.parametrize("depth", [-1, 10**30, 1.0, True, [1], {}])
def test_a_structured_depth_that_is_no_whole_number_is_an_invalid_depth(depth: Json) -> None:
    assert reason_of([STRUCTURED], envelope(chaindepth=depth)) == "invalid_depth"


@pytest.mark.requirement("R6.4")
@pytest.mark.parametrize(("written", "depth"), [(3, 3), ("3", 3), (0, 0), (None, 0), (2**31 - 1, 2**31 - 1)])
def test_a_structured_depth_may_be_a_number_or_a_text(written: Json, depth: int) -> None:
    assert decoded([STRUCTURED], envelope(chaindepth=written)).lineage.depth == depth


@pytest.mark.requirement("R6.4")
@pytest.mark.parametrize(("header", "written", "depth"), [("7", 3, 7), ("2", 3, 3), ("7", None, 7)])
def test_of_two_depths_the_greater_counts(header: str, written: Json, depth: int) -> None:
    records: list[tuple[str, bytes | None]] = [STRUCTURED, ("ce_chaindepth", header.encode())]
    assert decoded(records, envelope(chaindepth=written)).lineage.depth == depth


def test_an_unreadable_depth_beside_an_envelope_is_an_invalid_depth() -> None:
    assert reason_of([STRUCTURED, ("ce_chaindepth", b"x")], envelope()) == "invalid_depth"


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        (("ce_id", b"2"), "duplicate_attribute"),
        (("ce_color", "grün".encode()), "duplicate_attribute"),
        (("content-type", b"text/plain"), "duplicate_attribute"),
        (("Content-Type", b"application/json"), "duplicate_attribute"),
        (("ce_shape", None), "invalid_attribute"),
        (("ce_shape", b"\xff"), "invalid_encoding"),
        (("ce_shape", b"\xed\xa0\x80"), "invalid_encoding"),
    ],
)
def test_a_malformed_header_has_a_named_error(extra: tuple[str, bytes | None], reason: str) -> None:
    assert reason_of([*headers(JSON), extra]) == reason


@pytest.mark.parametrize(
    ("content_type", "reason"),
    [
        (None, "invalid_attribute"),
        (b"\xff", "invalid_encoding"),
        (b"text/plain", "unsupported_content_type"),
        (b"application/xml", "unsupported_content_type"),
        (b"application/json; charset=utf-16", "unsupported_content_type"),
        (b"application/cloudevents", "unsupported_content_type"),
        (b"application/cloudevents+xml", "unsupported_content_type"),
        (b"application/cloudevents-batch+json", "unsupported_content_type"),
        (b"application/cloudevents+json; charset=latin-1", "unsupported_content_type"),
    ],
)
def test_a_content_type_that_is_not_read_has_a_named_error(content_type: bytes | None, reason: str) -> None:
    assert reason_of([("content-type", content_type), *headers()]) == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "invalid_json"),
        (b"garbage", "invalid_json"),
        (b"NaN", "invalid_json"),
        (b'{"x": Infinity}', "invalid_json"),
        (b"1e999", "invalid_json"),
        (b'{"a": 1, "a": 1}', "invalid_json"),
        (b'{"a": {"b": 1, "b" : 2}}', "invalid_json"),
        (b'[{"a": ":\\":", "a": 2}]', "invalid_json"),
        (b'"\\ud800"', "invalid_json"),
        (b'"\\u0000"', "invalid_json"),
        (b"[" * 65 + b"]" * 65, "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b"1" * 5000, "invalid_json"),
        (b"{} {}", "invalid_json"),
        (b"\xef\xbb\xbf{}", "invalid_json"),
        (b'"\xff"', "invalid_encoding"),
        (b"\xff\xfe{\x00}\x00", "invalid_encoding"),
        (b'"' + b"x" * 262_143 + b'"', "too_large"),
        (b" " * 1_000_000, "too_large"),
    ],
)
def test_a_value_that_is_no_json_of_ours_has_a_named_error(value: bytes, reason: str) -> None:
    assert reason_of(headers(JSON), value) == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "invalid_json"),
        (b"", "invalid_json"),
        (b"[]", "not_cloudevent"),
        (b"5", "not_cloudevent"),
        (b"{}", "missing_attribute"),
        (envelope(id=5), "invalid_attribute"),
        (envelope(id=None), "missing_attribute"),
        (envelope(time=5), "invalid_attribute"),
        (envelope(color=1.5), "invalid_attribute"),
        (envelope(color=[]), "invalid_attribute"),
        (envelope(datacontenttype="text/plain"), "unsupported_content_type"),
        (envelope(datacontenttype=5), "invalid_attribute"),
        (envelope(data_base64="e30="), "invalid_attribute"),
        (envelope(data="x" * 262_143), "too_large"),
        (envelope(data="x" * 1_000_000), "too_large"),
        (envelope(mode="live"), "forbidden_attribute"),
        (b'{"specversion": "1.0", "id": "1", "id": "2", "source": "s", "type": "t"}', "invalid_json"),
    ],
)
def test_an_envelope_that_is_no_event_has_a_named_error(value: bytes | None, reason: str) -> None:
    assert reason_of([STRUCTURED], value) == reason


def test_what_is_forbidden_is_refused_beside_an_envelope_too() -> None:
    assert reason_of([STRUCTURED, ("ce_replayno", b"1")], envelope()) == "forbidden_attribute"


def _in_base64(data: str) -> bytes:
    members = {name: text for name, text in json.loads(envelope()).items() if name != "data"}
    return json.dumps({**members, "data_base64": data}).encode()


def test_data_in_base64_is_read() -> None:
    assert decoded([STRUCTURED], _in_base64("eyJhIjogMX0=")).data == {"a": 1}


@pytest.mark.parametrize(
    ("data", "reason"), [("e3", "invalid_encoding"), ("$", "invalid_encoding"), ("e3s=", "invalid_json")]
)
def test_wrong_data_in_base64_has_a_named_error(data: str, reason: str) -> None:
    assert reason_of([STRUCTURED], _in_base64(data)) == reason


def test_numbers_and_booleans_of_extensions_become_text() -> None:
    event = decoded([STRUCTURED], envelope(color=7, shape=True, gone=None))
    assert event.extensions == {"color": "7", "shape": "true"}


@pytest.mark.parametrize("value", [None, b"", b"{}"])
def test_a_record_without_any_attribute_is_no_event(value: bytes | None) -> None:
    assert reason_of([JSON, ("other", b"1")], value) == "not_cloudevent"


def test_on_our_own_topic_replays_and_our_sources_are_believed() -> None:
    targets = f"{trigger_id(1)},{trigger_id(2)}"
    records = headers(JSON, source="ensue://studio/clock", replayno="2", targets=targets, mode="test")
    event = decoded(records, trusted=True)
    assert (event.source, event.replay_no, event.mode) == ("ensue://studio/clock", 2, FiringMode.TEST)
    assert event.targets == (trigger_id(1), trigger_id(2))


@pytest.mark.parametrize(
    ("name", "text"), [("replayno", "-1"), ("targets", "all"), ("targets", f"{CHAIN},"), ("mode", "dry")]
)
def test_on_our_own_topic_they_must_be_well_formed(name: str, text: str) -> None:
    assert reason_of(headers(JSON, **{name: text}), trusted=True) == "invalid_attribute"


def test_the_message_names_everything_that_is_wrong() -> None:
    with pytest.raises(DecodeError) as error:
        decoded(headers(JSON, id=None, time="x", chaindepth="-1"))
    assert error.value.message == (
        "id is missing (expected a text); "
        "chaindepth is not a whole number (expected a whole number from 0 to 2147483647); "
        "time is not an instant (expected RFC 3339, such as 2026-01-31T09:30:00Z)"
    )
