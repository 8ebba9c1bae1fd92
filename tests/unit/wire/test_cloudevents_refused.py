"""CloudEvents on topics: a named error for everything that is wrong with a record."""

from __future__ import annotations

import pytest
from tests.unit.wire.world import (
    CHAIN,
    JSON,
    STRUCTURED,
    decoded,
    envelope,
    headers,
    in_base64,
    reason_of,
)

from ensue.core.json import Json
from ensue.wire.errors import DecodeError


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


@pytest.mark.parametrize(
    "depth", ["-1", "abc", "x", str(10**30), "1.0", "+1", " 1", "01", "", "1e1", "٣", "0x1", str(2**31), "NaN", "true"]
)
def test_a_depth_that_is_no_whole_number_is_an_invalid_depth(depth: str) -> None:
    assert reason_of(headers(JSON, chaindepth=depth)) == "invalid_depth"
    assert reason_of([STRUCTURED], envelope(chaindepth=depth)) == "invalid_depth"


@pytest.mark.parametrize("depth", [-1, 10**30, 1.0, True, [1], {}])
def test_a_structured_depth_that_is_no_whole_number_is_an_invalid_depth(depth: Json) -> None:
    assert reason_of([STRUCTURED], envelope(chaindepth=depth)) == "invalid_depth"


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


@pytest.mark.parametrize(
    ("data", "reason"), [("e3", "invalid_encoding"), ("$", "invalid_encoding"), ("e3s=", "invalid_json")]
)
def test_wrong_data_in_base64_has_a_named_error(data: str, reason: str) -> None:
    assert reason_of([STRUCTURED], in_base64(data)) == reason


@pytest.mark.parametrize("value", [None, b"", b"{}"])
def test_a_record_without_any_attribute_is_no_event(value: bytes | None) -> None:
    assert reason_of([JSON, ("other", b"1")], value) == "not_cloudevent"


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
