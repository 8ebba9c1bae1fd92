"""CloudEvents over HTTP (HTTP protocol binding 1.0): structured, binary and batch, told apart by the content type.

Called by trigger-api for `POST /api/v1/events`. Every fault of a request is reported at once. What the chain headers
claim is taken as it is: who may be believed needs the database, and is trigger-api's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote

from ensue.core.event import Event
from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.attributes import Intake, Problem, read_event
from ensue.wire.cloudevents import DEFAULT_MAX_DATA_BYTES
from ensue.wire.content_type import ContentMode, mode_of, require_json
from ensue.wire.envelope import MAX_DEPTH, open_envelope, read_members, too_large
from ensue.wire.errors import DecodeError, DecodeReason
from ensue.wire.faults import DocumentInvalid, Fault, Faults, step
from ensue.wire.headers import CONTENT_TYPE

MAX_BATCH: Final = 1000
_CE_PREFIX: Final = "ce-"

HttpHeaders = Mapping[str, str] | Sequence[tuple[str, str]]


def decode_http(
    headers: HttpHeaders, body: bytes, *, tenant: str, max_data_bytes: int = DEFAULT_MAX_DATA_BYTES
) -> tuple[Event, ...]:
    """The events of a request, in its order; DocumentInvalid with every fault.

    Pointers lead into the body (`/source`, in a batch `/3/source`) or, in binary mode, to a header (`/headers/ce-id`).
    tenant: that of the API key; a request may repeat it but name no other.
    """
    faults = Faults()
    events = _read(headers, body, Intake(trusted=False, tenant=tenant, one_tenant=True), max_data_bytes, faults)
    faults.raise_any()
    return tuple(event for event in events if event is not None)


def _read(
    headers: HttpHeaders, body: bytes, intake: Intake, max_data_bytes: int, faults: Faults
) -> Sequence[Event | None]:
    content_types, attributes = _read_headers(_pairs(headers), faults)
    if len(content_types) > 1:
        faults.add(f"/headers/{CONTENT_TYPE}", "stands there more than once", "one content type")
        return ()
    content_type = content_types[0] if content_types else None
    try:
        mode = mode_of(content_type)
    except DecodeError as error:
        faults.add(f"/headers/{CONTENT_TYPE}", error.message)
        return ()
    if mode is ContentMode.BINARY:
        return (_read_binary(content_type, attributes, body, intake, (max_data_bytes, faults)),)
    if mode is ContentMode.STRUCTURED:
        return (_read_structured(body, intake, max_data_bytes, faults),)
    return _read_batch(body, intake, max_data_bytes, faults)


def _read_structured(body: bytes, intake: Intake, max_data_bytes: int, faults: Faults) -> Event | None:
    problems: list[Problem] = []
    envelope = open_envelope(body, max_data_bytes, problems)
    event = None if envelope is None else read_event(envelope.attributes, envelope.data, intake, problems)
    _note(problems, "", faults)
    return event


def _read_batch(body: bytes, intake: Intake, max_data_bytes: int, faults: Faults) -> Sequence[Event | None]:
    try:
        members = strict_json.decode(body, MAX_DEPTH + 1)
    except DecodeError as error:
        faults.add("", error.message, "a JSON array of events")
        return ()
    if not isinstance(members, list) or not 1 <= len(members) <= MAX_BATCH:
        faults.add("", "is not a batch", f"a JSON array of 1 to {MAX_BATCH} events")
        return ()
    return [_read_member(member, f"/{index}", intake, max_data_bytes, faults) for index, member in enumerate(members)]


def _read_member(member: Json, pointer: str, intake: Intake, max_data_bytes: int, faults: Faults) -> Event | None:
    problems: list[Problem] = []
    envelope = read_members(member, max_data_bytes, problems)
    event = None if envelope is None else read_event(envelope.attributes, envelope.data, intake, problems)
    _note(problems, pointer, faults)
    return event


def _read_binary(
    content_type: str | None, attributes: Mapping[str, str], body: bytes, intake: Intake, limit: tuple[int, Faults]
) -> Event | None:
    max_data_bytes, faults = limit
    if not attributes and not len(faults):
        expected = "application/cloudevents+json, application/cloudevents-batch+json, or ce- headers"
        faults.add(f"/headers/{CONTENT_TYPE}", "does not announce a CloudEvent", expected)
        return None
    data = _read_body(content_type, body, max_data_bytes, faults)
    problems: list[Problem] = []
    event = read_event(attributes, data, intake, problems)
    _note(problems, f"/headers/{_CE_PREFIX}", faults)
    return event


def _read_body(content_type: str | None, body: bytes, max_data_bytes: int, faults: Faults) -> Json:
    if len(body) > max_data_bytes:
        problem = too_large(len(body), max_data_bytes)
        faults.add("", problem.message, problem.expected)
    elif body:
        try:
            require_json(content_type)
            return strict_json.decode(body)
        except DecodeError as error:
            is_type = error.reason is DecodeReason.UNSUPPORTED_CONTENT_TYPE
            faults.add(f"/headers/{CONTENT_TYPE}" if is_type else "", error.message)
    return None


def _read_headers(headers: Iterable[tuple[str, str]], faults: Faults) -> tuple[list[str], dict[str, str]]:
    content_types: list[str] = []
    attributes: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        if lower == CONTENT_TYPE:
            content_types.append(value)
        elif lower.startswith(_CE_PREFIX):
            attribute = lower[len(_CE_PREFIX) :]
            if attribute in attributes:
                faults.add(step("/headers", lower), "stands there more than once", "one value")
            attributes[attribute] = _unescape(lower, value, faults)
    return content_types, attributes


def _unescape(name: str, value: str, faults: Faults) -> str:
    """The text that a header's value stands for: percent-encoded UTF-8, perhaps in quotes (binding, 3.1.3.2)."""
    if value.isascii():
        try:
            return unquote(
                value.strip('"') if value.startswith('"') and value.endswith('"') else value, errors="strict"
            )
        except UnicodeDecodeError:
            pass
    faults.add(step("/headers", name), "is not readable as text", "UTF-8, percent-encoded")
    return "?"


def _note(problems: Iterable[Problem], prefix: str, faults: Faults) -> None:
    for problem in problems:
        if prefix.endswith(_CE_PREFIX):
            pointer = prefix + problem.attribute
        else:
            pointer = step(prefix, problem.attribute) if problem.attribute else prefix
        faults.add(pointer, problem.message, problem.expected)


def _pairs(headers: HttpHeaders) -> Iterable[tuple[str, str]]:
    return headers.items() if isinstance(headers, Mapping) else headers


__all__ = ["MAX_BATCH", "DocumentInvalid", "Fault", "decode_http"]
