"""Dead letters as they stand on `ensue.dead`: the original key, bytes and headers, and headers that say why and whence.

Called by the consume loop. The `ensue-dead-*` headers replace those that are there, so that a letter that died twice
does not grow. What cannot be told whole because it is too large is told without its value, never dropped.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import cast

from msgspec.structs import replace

from ensue.core.outcome import Reason
from ensue.kafka.producer import refusal_for_size
from ensue.kafka.records import DeadLetter
from ensue.wire import headers as names
from ensue.wire.topics import OutgoingRecord, Topic

MAX_MESSAGE_BYTES = 1024
NOWHERE = -1  # the partition of a record that was never on its topic

Headers = tuple[tuple[str, bytes], ...]


def dead_record(letter: DeadLetter, group: str) -> OutgoingRecord:
    """The record for `ensue.dead` of a record that was read and cannot be processed."""
    record = letter.record
    said = _said(letter.reason, letter.message, group)
    place = _place(record.topic, record.partition, record.offset, record.appended_at)
    # A header without a value stays one: bytes and headers are kept as they came.
    original = cast("Headers", record.headers)
    return _fitting(OutgoingRecord(Topic.DEAD, record.key, record.value, _kept(original) + said + place))


def dead_of_outgoing(record: OutgoingRecord, why: str, group: str, now: datetime) -> OutgoingRecord:
    """The record for `ensue.dead` of one that we wanted to publish and that its topic does not take.

    It has no offset of its own. In its stead stands a number derived from its bytes, the same each time, and the
    partition -1: so reading again says the same, once.
    """
    said = _said(Reason.TOO_LARGE.value, why, group)
    place = _place(record.topic, NOWHERE, _fingerprint(record), now)
    return _fitting(OutgoingRecord(Topic.DEAD, record.key, record.value, _kept(record.headers) + said + place))


def without_value(record: OutgoingRecord) -> OutgoingRecord:
    """A dead letter that is too large for `ensue.dead` itself: its value stays where it was read."""
    note = f" (the value of {len(record.value or b'')} bytes is left out)"
    headers = tuple(
        (name, _noted(value, note) if name == names.DEAD_MESSAGE else value) for name, value in record.headers
    )
    return replace(record, value=None, headers=headers)


def _noted(message: bytes, note: str) -> bytes:
    return _cut(message, MAX_MESSAGE_BYTES - len(note)) + note.encode()


def _fitting(record: OutgoingRecord) -> OutgoingRecord:
    if refusal_for_size(record) is None:
        return record
    shorter = without_value(record)
    if refusal_for_size(shorter) is None:
        return shorter
    ours = tuple(header for header in shorter.headers if header[0].startswith(names.DEAD_PREFIX))
    return replace(shorter, key=None, headers=ours)


def _said(reason: str, message: str, group: str) -> Headers:
    return (
        (names.DEAD_REASON, reason.encode()),
        (names.DEAD_MESSAGE, _cut(message.encode("utf-8", "replace"), MAX_MESSAGE_BYTES)),
        (names.DEAD_GROUP, group.encode()),
    )


def _place(topic: Topic, partition: int, offset: int, at: datetime) -> Headers:
    return (
        (names.DEAD_TOPIC, topic.value.encode()),
        (names.DEAD_PARTITION, str(partition).encode()),
        (names.DEAD_OFFSET, str(offset).encode()),
        (names.DEAD_TIMESTAMP, at.isoformat(timespec="milliseconds").encode()),
    )


def _kept(headers: Headers) -> Headers:
    return tuple(header for header in headers if not header[0].startswith(names.DEAD_PREFIX))


def _cut(message: bytes, size: int) -> bytes:
    """At most `size` bytes of UTF-8, cut between characters."""
    return message[:size].decode("utf-8", "ignore").encode()


def _fingerprint(record: OutgoingRecord) -> int:
    digest = hashlib.sha256(record.topic.value.encode())
    for part in (record.key or b"", record.value or b""):
        digest.update(len(part).to_bytes(8, "big") + part)
    return int.from_bytes(digest.digest()[:8], "big") >> 1
