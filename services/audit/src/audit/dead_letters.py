"""From any record on ensue.dead to a row. Pure and total: whatever lies there is kept, readable or not.

Called by `audit.rows`. The original's place and reason are in headers that the consumer which gave it up has added;
where they are missing or wrong the dead letter's own place and time stand in for them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ensue.core.ids import dead_record_id
from ensue.core.json import Json
from ensue.kafka.records import IncomingRecord
from ensue.wire import headers, strict_json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HIGHEST_OFFSET = 2**63 - 1
_HIGHEST_PARTITION = 2**31 - 1
_LONGEST_TENANT = 200
_UNKNOWN = "unknown"

Row = tuple[object, ...]


def dead_row(record: IncomingRecord) -> Row:
    """The row of a dead letter, in the order of the query `append_dead`."""
    said = {name: text for name, value in record.headers if (text := _text(value)) is not None}
    topic, partition, offset = _place(said, record)
    return (
        _instant(said.get(headers.DEAD_TIMESTAMP)) or record.appended_at,
        dead_record_id(topic, partition, offset),
        _tenant(said),
        topic,
        partition,
        offset,
        said.get(headers.DEAD_GROUP),
        said.get(headers.DEAD_REASON, _UNKNOWN),
        said.get(headers.DEAD_MESSAGE, ""),
        record.key,
        record.value,
        strict_json.encode(_original_headers(record)).decode(),
    )


def _place(said: Mapping[str, str], record: IncomingRecord) -> tuple[str, int, int]:
    topic = said.get(headers.DEAD_TOPIC)
    partition = _partition(said.get(headers.DEAD_PARTITION))
    offset = _number(said.get(headers.DEAD_OFFSET), _HIGHEST_OFFSET)
    if topic and partition is not None and offset is not None:
        return topic, partition, offset
    return record.topic.value, record.partition, record.offset


def _partition(text: str | None) -> int | None:
    """-1 stands for a record that was never on its topic."""
    return -1 if text == "-1" else _number(text, _HIGHEST_PARTITION)


def _number(text: str | None, highest: int) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > len(str(highest)):
        return None
    return number if (number := int(text)) <= highest else None


def _instant(text: str | None) -> datetime | None:
    """Milliseconds since 1970, as Kafka counts them, or ISO 8601 with an offset."""
    if text is None:
        return None
    try:
        if (milliseconds := _number(text, 2**53)) is not None:
            return _EPOCH + timedelta(milliseconds=milliseconds)
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _tenant(said: Mapping[str, str]) -> str | None:
    tenant = said.get(headers.TENANT)
    return tenant if tenant and len(tenant) <= _LONGEST_TENANT else None


def _original_headers(record: IncomingRecord) -> list[Json]:
    return [
        [_json_text(name), _header_value(value)]
        for name, value in record.headers
        if not name.startswith(headers.DEAD_PREFIX)
    ]


def _header_value(value: bytes | None) -> Json:
    if value is None:
        return None
    text = _text(value)
    return {"base64": b64encode(value).decode("ascii")} if text is None else text


def _json_text(name: str) -> str:
    return name.replace("\x00", "\ufffd").encode(errors="replace").decode()


def _text(value: bytes | None) -> str | None:
    """The value as text that PostgreSQL can hold; None where it is none."""
    if value is None or b"\x00" in value:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
