"""CloudEvents on topics (Kafka protocol binding 1.0): both modes are read, binary is written.

`decode_record` returns an Event or raises DecodeError, whatever the bytes. The evaluator comes here through `opening`,
which knows a shorter way for records like those before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ensue.core.errors import InvalidValue
from ensue.core.event import Event, FiringMode
from ensue.core.instants import text_of
from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.attributes import SYSTEM_ONLY, Intake, Problem, entity_type_of, parse_depth, read_event, text_fault
from ensue.wire.content_type import ContentMode, data_content_type, mode_of, require_json
from ensue.wire.envelope import open_envelope
from ensue.wire.errors import DecodeError, DecodeReason, EventTooLarge
from ensue.wire.headers import CE_PREFIX, CONTENT_TYPE, JSON_CONTENT_TYPE, Headers
from ensue.wire.topics import OutgoingRecord, Topic

DEFAULT_MAX_DATA_BYTES: Final = 256 * 1024


def decode_record(
    headers: Headers,
    value: bytes | None,
    *,
    trusted: bool,
    default_tenant: str,
    max_data_bytes: int = DEFAULT_MAX_DATA_BYTES,
) -> Event:
    """The event in a record; DecodeError where there is none.

    trusted: the record lies on our own topic: only there replays and `ensue://` sources are believed.
    default_tenant: the tenant of an event that names none.
    """
    content_type, attributes = _read_headers(headers)
    mode = mode_of(content_type)
    intake = Intake(trusted=trusted, tenant=default_tenant)
    if mode is ContentMode.BATCH:
        message = "a record holds one event; batches are not read from topics"
        raise DecodeError(DecodeReason.UNSUPPORTED_CONTENT_TYPE, message)
    if mode is ContentMode.STRUCTURED:
        attributes, data = _open_structured(attributes, value, trusted=trusted, max_data_bytes=max_data_bytes)
    else:
        if not attributes:
            raise DecodeError(DecodeReason.NOT_CLOUDEVENT, "no ce_ headers, and no content type of CloudEvents")
        data = _decode_data(data_content_type(content_type, attributes), value, max_data_bytes)
    return event_of(attributes, data, intake)


def event_of(attributes: Mapping[str, str], data: Json, intake: Intake) -> Event:
    """The event that attributes and data make; DecodeError where they make none."""
    problems: list[Problem] = []
    event = read_event(attributes, data, intake, problems)
    if event is None:
        raise _error(problems)
    return event


def encode_event(event: Event, topic: Topic, max_data_bytes: int = DEFAULT_MAX_DATA_BYTES) -> OutgoingRecord:
    """The record of an event in binary mode; InvalidValue (EventTooLarge) if nobody could read it."""
    value = None if event.data is None else strict_json.encode(event.data)
    if value is not None:
        _require_readable(value, max_data_bytes)
    headers: list[tuple[str, bytes]] = [] if value is None else [(CONTENT_TYPE, JSON_CONTENT_TYPE)]
    for name, text in _attributes_of(event).items():
        fault = text_fault(text)
        if fault:
            raise InvalidValue(f"the event's {name} {fault}")
        headers.append((CE_PREFIX + name, text.encode()))
    return OutgoingRecord(topic, key_of(event), value, tuple(headers))


def _require_readable(value: bytes, max_data_bytes: int) -> None:
    if len(value) > max_data_bytes:
        raise EventTooLarge(len(value), max_data_bytes)
    try:
        strict_json.decode(value)
    except DecodeError as error:
        raise InvalidValue(f"the event's data cannot be read again: {error.message}") from None


def key_of(event: Event) -> bytes:
    """Events of one subject lie in one partition; those without a subject are spread."""
    return f"{event.tenant}/{event.subject or event.id}".encode()


def _read_headers(headers: Headers) -> tuple[str | None, dict[str, str]]:
    """The content type, and the attributes by name. Headers of others may hold anything and are not looked at."""
    content_type: str | None = None
    attributes: dict[str, str] = {}
    for name, raw in headers:
        if name.startswith(CE_PREFIX):
            attribute = name[len(CE_PREFIX) :]
            if attribute in attributes:
                raise _duplicate(name)
            attributes[attribute] = _header_text(name, raw)
        elif name.lower() == CONTENT_TYPE:
            if content_type is not None:
                raise _duplicate(name)
            content_type = _header_text(name, raw)
    return content_type, attributes


def _header_text(name: str, raw: bytes | None) -> str:
    if raw is None:
        raise DecodeError(DecodeReason.INVALID_ATTRIBUTE, f"header {name[:100]} has no value")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise DecodeError(DecodeReason.INVALID_ENCODING, f"header {name[:100]} is not UTF-8") from None


def _decode_data(content_type: str | None, value: bytes | None, max_data_bytes: int) -> Json:
    if not value:
        return None
    if len(value) > max_data_bytes:
        raise _too_large(len(value), max_data_bytes)
    require_json(content_type)
    return strict_json.decode(value)


def _open_structured(
    repeated: Mapping[str, str], value: bytes | None, *, trusted: bool, max_data_bytes: int
) -> tuple[dict[str, str], Json]:
    """The envelope's attributes and data. `ce_` headers beside it may repeat attributes and are not believed.

    Two exceptions: what is forbidden is refused there too, and the greater of two depths counts.
    """
    if not trusted and (forbidden := sorted(SYSTEM_ONLY & repeated.keys())):
        message = f"{forbidden[0]} is believed on our own topic only"
        raise DecodeError(DecodeReason.FORBIDDEN_ATTRIBUTE, message)
    problems: list[Problem] = []
    envelope = open_envelope(value or b"", max_data_bytes, problems)
    if envelope is None:
        raise _error(problems)
    if "chaindepth" in repeated:
        _keep_greater_depth(envelope.attributes, repeated["chaindepth"])
    return envelope.attributes, envelope.data


def _keep_greater_depth(attributes: dict[str, str], repeated: str) -> None:
    depth, own = parse_depth(repeated), parse_depth(attributes.get("chaindepth", "0"))
    if depth is None or (own is not None and depth > own):
        attributes["chaindepth"] = repeated


def _attributes_of(event: Event) -> dict[str, str]:
    lineage = event.lineage
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": None if event.time is None else text_of(event.time),
        "dataschema": event.dataschema,
        "entitytype": None if event.entity_type == entity_type_of(event.type) else event.entity_type,
        "tenant": event.tenant,
        "correlationid": str(lineage.correlation_id),
        "causationid": None if lineage.causation_id is None else str(lineage.causation_id),
        "chaindepth": str(lineage.depth),
        "replayno": str(event.replay_no) if event.replay_no else None,
        "targets": ",".join(map(str, event.targets)) or None,
        "mode": None if event.mode is FiringMode.LIVE else event.mode.value,
        **event.extensions,
    }
    return {name: text for name, text in attributes.items() if text is not None}


def _error(problems: Sequence[Problem]) -> DecodeError:
    """The reason of the first problem, the sentences of all."""
    return DecodeError(problems[0].reason, "; ".join(map(_sentence, problems)))


def _sentence(problem: Problem) -> str:
    expected = f" (expected {problem.expected})" if problem.expected else ""
    return f"{problem.attribute[:100] or 'the event'} {problem.message}{expected}"


def _duplicate(name: str) -> DecodeError:
    return DecodeError(DecodeReason.DUPLICATE_ATTRIBUTE, f"header {name[:100]} stands twice")


def _too_large(size: int, limit: int) -> DecodeError:
    return DecodeError(DecodeReason.TOO_LARGE, f"the event's data is {size} bytes; at most {limit} are allowed")
