"""Records of `ensue.triggers`: one revision of a trigger, or the tombstone of a deleted one. Calendars, which travel
on the same topic under keys of their own, are read by `ensue.wire.calendars`.

Written by trigger-api, read by the evaluator. The topic is compacted, so a tombstone carries its revision as a header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from ensue.core.errors import EnsueError
from ensue.core.json import JsonObject
from ensue.core.ruleset import Removal
from ensue.core.trigger import Trigger
from ensue.wire.attributes import is_tenant
from ensue.wire.documents import parse_trigger
from ensue.wire.errors import DecodeError, DecodeReason
from ensue.wire.headers import CONTENT_TYPE, JSON_CONTENT_TYPE
from ensue.wire.instants import AwareInstant, utc
from ensue.wire.revisions import Revision, read_revision, revision_header
from ensue.wire.topics import OutgoingRecord, Topic


class _Row(Protocol):
    """What we need of a database driver's row."""

    def __getitem__(self, column: str, /) -> Any: ...  # noqa: ANN401  # of any type


@dataclass(frozen=True, slots=True)
class TriggerRecord:
    """One revision of a trigger: its document as it was saved, and what the API decided about it."""

    trigger_id: UUID
    tenant: str
    revision: int
    enabled: bool
    active_since: datetime
    created_at: datetime
    document: JsonObject

    @classmethod
    def of_row(cls, row: _Row, document: JsonObject) -> TriggerRecord:
        """A row of trigger-api's views, which say all but the document alike: it comes as text or as what it holds."""
        return cls(
            trigger_id=row["trigger_id"],
            tenant=row["tenant"],
            revision=row["revision"],
            enabled=row["enabled"],
            active_since=row["active_since"],
            created_at=row["created_at"],
            document=document,
        )


class _Record(msgspec.Struct):
    trigger_id: UUID
    tenant: str
    revision: Revision
    enabled: bool
    active_since: AwareInstant
    created_at: AwareInstant
    document: dict[str, Any]


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Record)


def encode_trigger(record: TriggerRecord) -> OutgoingRecord:
    """The record of one revision."""
    value = _ENCODER.encode(
        _Record(
            trigger_id=record.trigger_id,
            tenant=record.tenant,
            revision=record.revision,
            enabled=record.enabled,
            active_since=utc(record.active_since),
            created_at=utc(record.created_at),
            document=dict(record.document),
        )
    )
    headers = ((CONTENT_TYPE, JSON_CONTENT_TYPE), revision_header(record.revision))
    return OutgoingRecord(Topic.TRIGGERS, _key(record.tenant, record.trigger_id), value, headers)


def encode_tombstone(tenant: str, trigger_id: UUID, revision: int) -> OutgoingRecord:
    """The record of a deletion; `revision` is the deletion's own."""
    return OutgoingRecord(Topic.TRIGGERS, _key(tenant, trigger_id), None, (revision_header(revision),))


def decode_trigger(
    key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
) -> TriggerRecord | Removal:
    """The revision or the deletion in a record; DecodeError (invalid_record) where key, value and header disagree."""
    tenant, trigger_id = _read_key(key)
    revision = read_revision(headers)
    if value is None:
        return Removal(trigger_id, tenant, revision)
    try:
        record = _DECODER.decode(value)
        active_since, created_at = utc(record.active_since), utc(record.created_at)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError, EnsueError) as error:
        raise _invalid(str(error)) from None
    if (record.tenant, record.trigger_id, record.revision) != (tenant, trigger_id, revision):
        raise _invalid("the value is of another trigger or revision than the key and the header")
    return TriggerRecord(trigger_id, tenant, revision, record.enabled, active_since, created_at, record.document)


def to_trigger(record: TriggerRecord) -> Trigger:
    """The trigger of a revision; DocumentInvalid if this version cannot read its document.

    The fields of its actions are not looked at: who evaluates does not need them. Nor are the names of calendars:
    which there are is not for the document to say.
    """
    parsed = parse_trigger(record.document, action_params=None, context=None)
    return Trigger(
        trigger_id=record.trigger_id,
        tenant=record.tenant,
        revision=record.revision,
        name=parsed.name,
        when=parsed.when,
        then=parsed.then,
        active_since=record.active_since,
        enabled=record.enabled,
        where=parsed.where,
        delay=parsed.delay,
        brakes=parsed.brakes,
        sort_order=parsed.sort_order,
        created_at=record.created_at,
    )


def _key(tenant: str, trigger_id: UUID) -> bytes:
    return f"{tenant}/{trigger_id}".encode()


def _read_key(key: bytes | None) -> tuple[str, UUID]:
    try:
        tenant, _, text = (key or b"").decode().partition("/")
        trigger_id = UUID(text)
    except ValueError:
        raise _invalid("the key is not tenant/trigger_id") from None
    if not is_tenant(tenant):
        raise _invalid("the key does not begin with a tenant")
    return tenant, trigger_id


def _invalid(message: str) -> DecodeError:
    return DecodeError(DecodeReason.INVALID_RECORD, message)
