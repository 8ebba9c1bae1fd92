"""CloudEvents over HTTP: three modes, and every fault of a request at once with its place."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.core.ids import event_uid
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.wire.cloudevents import decode_record
from ensue.wire.faults import DocumentInvalid, Fault
from ensue.wire.http_events import MAX_BATCH, HttpHeaders, decode_http

STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8"}
BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/studio", "ce-type": "variant.approved"}
CHAIN = "6fa459ea-ee8a-5ca4-894e-db77e160355e"


def member(event_id: str = "1", **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    """An event as a JSON object."""
    core = {"specversion": "1.0", "id": event_id, "source": "/studio", "type": "variant.approved"}
    return {name: value for name, value in {**core, **changes}.items() if value is not None}


def body(value: Json) -> bytes:
    """JSON in UTF-8."""
    return json.dumps(value).encode()


def faults_of(headers: HttpHeaders, content: bytes) -> dict[str, str]:
    """The faults of a request of the studio, by place."""
    with pytest.raises(DocumentInvalid) as error:
        decode_http(headers, content, tenant="studio")
    return {fault.pointer: fault.message for fault in error.value.faults}


def test_the_three_modes_give_the_same_event() -> None:
    data = {"variant_id": 42}
    (structured,) = decode_http(STRUCTURED, body(member(data=data, subject="ü")), tenant="studio")
    (batched,) = decode_http(BATCH, body([member(data=data, subject="ü")]), tenant="studio")
    binary_headers = {**BINARY, "ce-subject": "%C3%BC", "content-type": "application/json"}
    (binary,) = decode_http(binary_headers, body(data), tenant="studio")
    assert structured == batched == binary
    assert structured.event_uid == event_uid("studio", "/studio", "1")
    assert structured.tenant == "studio"
    assert structured.data == data


def test_a_batch_keeps_its_order() -> None:
    events = decode_http(BATCH, body([member(str(n)) for n in range(10)]), tenant="studio")
    assert [event.id for event in events] == [str(n) for n in range(10)]


def test_without_chain_headers_an_event_is_a_root() -> None:
    (event,) = decode_http(STRUCTURED, body(member()), tenant="studio")
    assert event.lineage == Lineage(event.event_uid, None, 0)


def test_chain_headers_are_taken_as_they_are() -> None:
    headers = {**BINARY, "CE-CorrelationId": CHAIN, "ce-causationid": CHAIN, "ce-chaindepth": "3"}
    (event,) = decode_http(headers, b"", tenant="studio")
    assert event.lineage == Lineage(UUID(CHAIN), UUID(CHAIN), 3)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a b", "a b"),
        ("%22x%22", '"x"'),
        ('"quoted"', "quoted"),
        ("100%25", "100%"),
        ("5% off", "5% off"),
        ('"a\\"b"', 'a"b'),
        ('"back\\\\slash"', "back\\slash"),
        ("a\\b", "a\\b"),
        ('"', '"'),
    ],
)
def test_header_values_are_percent_decoded(written: str, text: str) -> None:
    (event,) = decode_http({**BINARY, "ce-subject": written}, b"", tenant="studio")
    assert event.subject == text


def test_the_tenant_may_be_repeated_but_no_other_named() -> None:
    assert decode_http(STRUCTURED, body(member(tenant="studio")), tenant="studio")[0].tenant == "studio"
    assert faults_of(STRUCTURED, body(member(tenant="other"))) == {"/tenant": "is not that of the API key"}
    assert faults_of({**BINARY, "ce-tenant": "other"}, b"") == {"/headers/ce-tenant": "is not that of the API key"}


def test_every_fault_of_a_batch_has_its_place() -> None:
    members: list[Json] = [
        member(),
        member(id=None, time="x"),
        5,
        member(chaindepth=-1, mode="live"),
        member(source="ensue://x"),
    ]
    assert faults_of(BATCH, body(members)) == {
        "/1/id": "is missing",
        "/1/time": "is not an instant",
        "/2": "is not a JSON object",
        "/3/chaindepth": "is not a whole number",
        "/3/mode": "is believed on our own topic only",
        "/4/source": "begins with ensue://, as only our own do",
    }


def test_every_fault_of_binary_headers_has_its_place() -> None:
    headers = {"ce-id": "", "ce-type": "\xfc", "ce-time": "now", "ce-chaindepth": "x", "ce-correlationid": "1"}
    assert faults_of({**headers, "content-type": "text/plain"}, b"x") == {
        "/headers/ce-type": "is not readable as text",
        "/headers/content-type": "content type 'text/plain' is not supported; expected application/json",
        "/headers/ce-id": "is empty",
        "/headers/ce-specversion": "is missing",
        "/headers/ce-source": "is missing",
        "/headers/ce-chaindepth": "is not a whole number",
        "/headers/ce-correlationid": "is not a UUID",
        "/headers/ce-time": "is not an instant",
    }


@pytest.mark.parametrize(
    ("headers", "content", "pointer"),
    [
        (STRUCTURED, b"{", ""),
        (STRUCTURED, b"\xff", ""),
        (STRUCTURED, b"[]", ""),
        (STRUCTURED, b" " * 1_000_000, "/data"),
        (STRUCTURED, body(member(data="x" * 300_000)), "/data"),
        (STRUCTURED, b'{"id": "1", "id": "2"}', ""),
        (STRUCTURED, body(member(id=5)), "/id"),
        (BATCH, b"{}", ""),
        (BATCH, b"[]", ""),
        (BATCH, b"nonsense", ""),
        (BATCH, body([member(str(n)) for n in range(MAX_BATCH + 1)]), ""),
        (BATCH, body([member(data="x" * 300_000)]), "/0/data"),
        (BINARY, b"{", ""),
        (BINARY, b"x" * 300_000, ""),
        ({"content-type": "application/json"}, b"{}", "/headers/content-type"),
        ({"content-type": "application/cloudevents+avro"}, b"{}", "/headers/content-type"),
        ({}, b"", "/headers/content-type"),
        ([*BINARY.items(), ("CE-ID", "2")], b"", "/headers/ce-id"),
        ([*BINARY.items(), ("content-type", "a/json"), ("content-type", "b/json")], b"", "/headers/content-type"),
    ],
)
def test_a_wrong_request_names_its_place(headers: HttpHeaders, content: bytes, pointer: str) -> None:
    assert list(faults_of(headers, content)) == [pointer]


def test_faults_say_what_would_be_right() -> None:
    with pytest.raises(DocumentInvalid) as error:
        decode_http(BATCH, body([member(time="now")]), tenant="studio")
    expected = "RFC 3339, such as 2026-01-31T09:30:00Z"
    assert error.value.faults == (Fault("/0/time", "is not an instant", expected),)


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "ce-id", "CE-type", "ce-", "ce-chaindepth"]) | st.text(max_size=4),
        st.sampled_from(["application/cloudevents+json", "application/cloudevents-batch+json"]) | st.text(max_size=8),
    ),
    max_size=6,
)


@given(HEADERS, st.binary(max_size=40) | st.sampled_from([b"[{}]", b"{}", b"[1]", b'{"id": 1}']))
def test_any_request_is_events_or_faults(headers: list[tuple[str, str]], content: bytes) -> None:
    try:
        assert decode_http(headers, content, tenant="studio")
    except DocumentInvalid as invalid:
        found = invalid.faults
        assert found  # either outcome is right; which one is not known beforehand


def test_what_comes_over_http_is_what_comes_from_a_topic() -> None:
    (over_http,) = decode_http(STRUCTURED, body(member(data=[1], color="x")), tenant="studio")
    structured = [("content-type", b"application/cloudevents+json")]
    value = body(member(data=[1], color="x"))
    assert over_http == decode_record(structured, value, trusted=False, default_tenant="studio")
