"""Deterministic identities: the same fact has the same id, wherever and however often it is derived.

UUIDv5 (RFC 9562 section 5.5) over length-prefixed parts, so that ("a|b", "c") never equals ("a", "b|c").
Called by the decision, the wire codecs and the services; nothing here is random.

One is made for every event and every firing, and `uuid.uuid5` takes most of its time to check what cannot be wrong
here; so the hash is taken, and the UUID put together, without it. A test holds both equal.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha1
from typing import Final
from uuid import UUID, SafeUUID

ENSUE_NAMESPACE: Final = UUID("6f1d3c4e-2f0b-5a53-9d0e-6b1f5e2c7a10")

_PREFIX: Final = ENSUE_NAMESPACE.bytes
_TEMPLATE: Final = ~0xF000_C000_0000_0000_0000  # without version and variant, which
_VERSION_5: Final = 0x5000_8000_0000_0000_0000  # are these
_SIZE: Final = 16
_UNKNOWN: Final = SafeUUID.unknown
_new = object.__new__
_set_int, _set_safe = UUID.__dict__["int"].__set__, UUID.__dict__["is_safe"].__set__
_SOURCES: Final = 4096
_TRIGGERS: Final = 65536


def derive(kind: str, *parts: str) -> UUID:
    """UUIDv5 of `kind` and `parts`, each prefixed with its length in characters."""
    return _uuid5(_PREFIX + "".join([f"{len(part)}:{part}" for part in (kind, *parts)]).encode())


def _uuid5(prefixed: bytes) -> UUID:
    """`uuid.uuid5(ENSUE_NAMESPACE, name)`, given `_PREFIX` and the name."""
    digest = sha1(prefixed, usedforsecurity=False).digest()
    made = _new(UUID)  # which is immutable: its own constructor, too, sets its two slots from outside
    _set_int(made, int.from_bytes(digest[:_SIZE], "big") & _TEMPLATE | _VERSION_5)
    _set_safe(made, _UNKNOWN)
    return made


def event_uid(tenant: str, source: str, event_id: str) -> UUID:
    """An event's identity everywhere: CloudEvents ids are unique only within their source."""
    return _uuid5(_of_source(tenant, source) + f"{len(event_id)}:{event_id}".encode())


@lru_cache(_SOURCES)
def _of_source(tenant: str, source: str) -> bytes:
    return _PREFIX + f"5:event{len(tenant)}:{tenant}{len(source)}:{source}".encode()


def firing_id(tenant: str, trigger_id: UUID, cause: UUID, replay_no: int) -> UUID:
    """One (trigger, cause, replay) fires once. The revision is deliberately absent: an edit between two reads
    of one event must not fire twice.
    """
    return firing_id_of(tenant, trigger_id, cause_part(str(cause).encode(), replay_no))


def firing_id_of(tenant: str, trigger_id: UUID, cause: bytes) -> UUID:
    """The same of a `cause_part`, which is made once for all that one event fires."""
    return _uuid5(_of_trigger(tenant, trigger_id.int) + cause)


def cause_part(cause: bytes, replay_no: int) -> bytes:
    """What the ids of the firings of one cause, given as text, and one replay have in common."""
    return b"36:" + cause + (_ORIGINAL if replay_no == 0 else _of_replay(replay_no))


def _of_replay(number: int) -> bytes:
    text = str(number)
    return f"{len(text)}:{text}".encode()


_ORIGINAL: Final = _of_replay(0)


@lru_cache(_TRIGGERS)
def _of_trigger(tenant: str, number: int) -> bytes:
    """It takes the trigger's id as a number, whose hash is a fifth of the price."""
    return _PREFIX + f"6:firing{len(tenant)}:{tenant}36:{UUID(int=number)}".encode()


def action_id(firing: UUID, path: str) -> UUID:
    """Id of the action at `path` within `then` (for example "actions.0"); the idempotency key of its calls."""
    return derive("action", str(firing), path)


def outcome_record_id(firing: UUID) -> UUID:
    """Id of the terminal outcome of a firing: one firing, one terminal outcome, one id."""
    return derive("outcome", str(firing))


def action_outcome_record_id(action: UUID) -> UUID:
    """Id of the record that says how an action ended."""
    return derive("action-outcome", str(action))


def condition_error_record_id(firing: UUID) -> UUID:
    """Id of the record that says that a trigger's condition erred on an event."""
    return derive("condition-error", str(firing))


def receipt_record_id(group: str, topic: str, partition: int, first_offset: int, next_offset: int) -> UUID:
    """Id of a receipt: the same range read again says the same thing."""
    return derive("receipt", group, topic, str(partition), str(first_offset), str(next_offset))


def dead_record_id(topic: str, partition: int, offset: int) -> UUID:
    """Id of a dead letter: where the original bytes stood."""
    return derive("dead", topic, str(partition), str(offset))
