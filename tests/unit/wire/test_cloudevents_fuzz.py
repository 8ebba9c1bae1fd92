"""Whatever the bytes: an event or a DecodeError, and what was once an event can be written and read again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.core.event import Event
from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.cloudevents import decode_record, encode_event
from ensue.wire.errors import DecodeError
from ensue.wire.topics import Topic

NAMES = st.sampled_from(
    ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_tenant", "ce_correlationid",
     "ce_causationid", "ce_chaindepth", "ce_replayno", "ce_targets", "ce_mode", "ce_entitytype", "ce_dataschema",
     "ce_x", "ce_", "content-type", "traceparent"]
)  # fmt: skip
VALUES = st.sampled_from(
    [None, b"", b"1", b"1.0", b"a.b", b"-1", b"2026-01-01T00:00:00Z", b"application/json", b"test", b"ensue://x",
     b"application/cloudevents+json", b"9999-12-31T23:59:59.999999-23:59", b"6fa459ea-ee8a-5ca4-894e-db77e160355e"]
)  # fmt: skip
GOOD: list[tuple[str, bytes | None]] = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"1"),
    ("ce_source", b"/s"),
    ("ce_type", b"a.b"),
]
HEADERS = st.lists(st.tuples(NAMES | st.text(max_size=5), VALUES | st.binary(max_size=10)), max_size=12)
PLAIN = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
JSONS: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(PLAIN),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(PLAIN, max_size=5), inner, max_size=4),
    max_leaves=20,
)
MEMBERS = st.sampled_from(["specversion", "id", "source", "type", "data", "chaindepth", "time", "data_base64"])
ENVELOPES = st.dictionaries(MEMBERS | st.text(max_size=5), JSONS, max_size=8).map(lambda e: json.dumps(e).encode())


def _read(headers: list[tuple[str, bytes | None]], value: bytes | None, *, trusted: bool) -> Event | None:
    try:
        return decode_record(headers, value, trusted=trusted, default_tenant="default")
    except DecodeError:
        return None


@given(
    headers=HEADERS,
    value=st.none() | st.binary(max_size=50) | ENVELOPES,
    trusted=st.booleans(),
    good=st.booleans(),
)
def test_any_record_is_an_event_or_a_decode_error(
    *, headers: list[tuple[str, bytes | None]], value: bytes | None, trusted: bool, good: bool
) -> None:
    event = _read([*(GOOD if good else ()), *headers], value, trusted=trusted)
    if event is not None:
        record = encode_event(event, Topic.SYSTEM)
        assert _read(list(record.headers), record.value, trusted=True) == event


@given(value=ENVELOPES | st.binary(), trusted=st.booleans())
def test_any_envelope_is_an_event_or_a_decode_error(*, value: bytes, trusted: bool) -> None:
    _read([("content-type", b"application/cloudevents+json")], value, trusted=trusted)


@given(st.text(alphabet='{}[]",:\\u0d8 1a\x00\t', max_size=30).map(str.encode) | st.binary(max_size=30))
def test_any_json_is_a_value_that_can_be_written_again_or_a_decode_error(text: bytes) -> None:
    try:
        value = strict_json.decode(text)
    except DecodeError:
        return
    assert strict_json.decode(strict_json.encode(value)) == value


@given(JSONS)
def test_what_is_written_is_what_was_meant(value: Json) -> None:
    assert strict_json.decode(strict_json.encode(value)) == value
    assert strict_json.decode(json.dumps(value).encode()) == value


@given(st.dictionaries(st.text(alphabet='a:\\" {', max_size=4), st.text(alphabet='":\\ ', max_size=4), min_size=1))
def test_a_name_that_stands_twice_is_found_whatever_the_texts_look_like(members: dict[str, str]) -> None:
    once = json.dumps(members, separators=(",", " :"))
    name, text = next(iter(members.items()))
    twice = f"{once[:-1]}, {json.dumps(name)}\n: {json.dumps(text)}}}"
    assert strict_json.decode(once.encode()) == members
    with pytest.raises(DecodeError, match="stands twice in one object"):
        strict_json.decode(twice.encode())
