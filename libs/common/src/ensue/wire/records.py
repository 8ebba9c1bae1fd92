"""Records between our services: firings, and what is said on `ensue.outcomes`. Written and read by msgspec.

Compatibility: a reader ignores fields it does not know, and every field added later has a default, so that a newer
producer's records pass and older records stay readable (golden files in the tests hold both directions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from ensue.core.errors import EnsueError
from ensue.core.event import FiringMode
from ensue.core.firing import Firing
from ensue.core.outcome import ActionOutcome, ConditionErred, Outcome, OutcomeRecord, Receipt
from ensue.wire.causes import EventMembers, caused
from ensue.wire.errors import DecodeError, DecodeReason
from ensue.wire.headers import CONTENT_TYPE, JSON_CONTENT_TYPE, KIND
from ensue.wire.instants import AwareInstant, utc
from ensue.wire.topics import OutgoingRecord, Topic

FIRING_KIND: Final = "firing"
OUTCOME_KINDS: Final[Mapping[str, type[OutcomeRecord]]] = {
    "outcome": Outcome,
    "action": ActionOutcome,
    "condition_error": ConditionErred,
    "receipt": Receipt,
}

_T = TypeVar("_T")


class _Owned(msgspec.Struct):
    """What a firing says of its trigger: the same for all firings of one revision."""

    tenant: str
    trigger_id: UUID
    revision: int


class _Firing(msgspec.Struct):
    """Its id, the members of `_Owned`, and what it says of its cause: the same for all that one event fires."""

    firing_id: UUID
    tenant: str
    trigger_id: UUID
    revision: int
    cause: UUID
    observed_at: AwareInstant
    event: EventMembers
    replay_no: int = 0
    mode: FiringMode = FiringMode.LIVE


class _Kind(msgspec.Struct):
    kind: str


_ENCODER = msgspec.json.Encoder()
_FIRINGS = msgspec.json.Decoder(_Firing)
_KINDS = msgspec.json.Decoder(_Kind)
_OUTCOMES = {kind: msgspec.json.Decoder(form) for kind, form in OUTCOME_KINDS.items()}
_KIND_OF = {form: kind for kind, form in OUTCOME_KINDS.items()}
_HEADERS: Final = {
    kind: ((CONTENT_TYPE, JSON_CONTENT_TYPE), (KIND, kind.encode())) for kind in (FIRING_KIND, *OUTCOME_KINDS)
}
_FIRING_HEADERS: Final = _HEADERS[FIRING_KIND]
_BEGIN: Final = b'{"firing_id":'


def encode_firing(firing: Firing) -> OutgoingRecord:
    """The record of a firing; the key keeps the firings of one trigger in one partition."""
    return encode_firings((firing,))[0]


def encode_firings(firings: Iterable[Firing]) -> list[OutgoingRecord]:
    """The records of firings, in their order. What follows one another from one event shares the event's bytes."""
    records: list[OutgoingRecord] = []
    last: Firing | None = None
    of_cause = b""
    for firing in firings:
        if last is None or not _same_cause(firing, last):
            of_cause, last = caused(firing), firing
        key, owned = _owned(firing.tenant, firing.trigger_id.int, firing.revision)
        value = b"".join((_BEGIN, _ENCODER.encode(firing.firing_id), owned, of_cause))
        records.append(OutgoingRecord(Topic.FIRINGS, key, value, _FIRING_HEADERS))
    return records


def decode_firing(value: bytes | None) -> Firing:
    """The firing in a record of `ensue.firings`; DecodeError (invalid_record) where there is none."""
    record = _decode(_FIRINGS, value)
    try:
        return Firing(
            firing_id=record.firing_id,
            tenant=record.tenant,
            trigger_id=record.trigger_id,
            revision=record.revision,
            cause=record.cause,
            event=record.event.to_event(),
            observed_at=utc(record.observed_at),
            replay_no=record.replay_no,
            mode=record.mode,
        )
    except (EnsueError, OverflowError) as error:
        raise _invalid(error) from None


def encode_outcome(outcome: OutcomeRecord) -> OutgoingRecord:
    """The record of how a firing or action ended, of a condition's error, or of a receipt."""
    kind = _KIND_OF[type(outcome)]
    if isinstance(outcome, Receipt):
        key = f"{outcome.topic}/{outcome.partition}"
    else:
        key = f"{outcome.tenant}/{outcome.firing_id}"
    body = _ENCODER.encode(replace(outcome, at=utc(outcome.at)))
    value = b'{"kind":"%b",%b' % (kind.encode(), body[1:])
    return OutgoingRecord(Topic.OUTCOMES, key.encode(), value, _HEADERS[kind])


def decode_outcome(value: bytes | None) -> OutcomeRecord:
    """What a record of `ensue.outcomes` says; DecodeError (unknown_kind, invalid_record) where it says nothing."""
    kind = _decode(_KINDS, value).kind
    decoder = _OUTCOMES.get(kind)
    if decoder is None:
        raise DecodeError(DecodeReason.UNKNOWN_KIND, f"records of kind {kind[:100]!r} are not known")
    outcome = _decode(decoder, value)
    try:
        return replace(outcome, at=utc(outcome.at))
    except (EnsueError, OverflowError) as error:
        raise _invalid(error) from None


def _same_cause(one: Firing, other: Firing) -> bool:
    return (
        one.event is other.event
        and one.cause == other.cause
        and one.observed_at == other.observed_at
        and one.replay_no == other.replay_no
        and one.mode is other.mode
    )


@lru_cache(maxsize=65536)
def _owned(tenant: str, trigger: int, revision: int) -> tuple[bytes, bytes]:
    """The key of a trigger's firings, and the members of `_Owned` between two commas.

    It takes the trigger's id as a number, whose hash is a fifth of the price.
    """
    trigger_id = UUID(int=trigger)
    members = _ENCODER.encode(_Owned(tenant, trigger_id, revision))[1:-1]
    return f"{tenant}/{trigger_id}".encode(), b",%b," % members


def _decode(decoder: msgspec.json.Decoder[_T], value: bytes | None) -> _T:
    try:
        return decoder.decode(value or b"")
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _invalid(error) from None


def _invalid(error: Exception) -> DecodeError:
    return DecodeError(DecodeReason.INVALID_RECORD, str(error))
