"""Records that hold one approved variant, well-formed and otherwise, for the tests of decoding."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from ensue.core.event import Event
from ensue.core.json import Json
from ensue.wire.cloudevents import decode_record
from ensue.wire.errors import DecodeError

Headers = list[tuple[str, bytes | None]]

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


def headers(*first: tuple[str, bytes | None], **changes: str | None) -> Headers:
    """The headers of the approved variant; a change to None leaves an attribute out."""
    named = {name: text for name, text in {**ATTRIBUTES, **changes}.items() if text is not None}
    return [*first, *((f"ce_{name}", text.encode()) for name, text in named.items())]


def envelope(**changes: Any) -> bytes:  # noqa: ANN401  # any JSON
    """The same event as one JSON object."""
    return json.dumps({**ATTRIBUTES, "data": DATA, **changes}).encode()


def decoded(records: Headers, value: bytes | None = b"{}", *, trusted: bool = False) -> Event:
    """What the evaluator would read."""
    return decode_record(records, value, trusted=trusted, default_tenant="default")


def reason_of(records: Headers, value: bytes | None = b"{}", *, trusted: bool = False) -> str:
    """Why the evaluator would not read it."""
    with pytest.raises(DecodeError) as error:
        decoded(records, value, trusted=trusted)
    return str(error.value.reason)


def in_base64(data: str) -> bytes:
    """The same event with data in base64."""
    members = {name: text for name, text in json.loads(envelope()).items() if name != "data"}
    return json.dumps({**members, "data_base64": data}).encode()
