"""Deterministic identities: the same fact has the same id, wherever and however often it is derived.

UUIDv5 (RFC 9562 section 5.5) over length-prefixed parts, so that ("a|b", "c") never equals ("a", "b|c").
Called by the decision, the wire codecs and the services; nothing here is random.
"""

from __future__ import annotations

from uuid import UUID, uuid5

ENSUE_NAMESPACE = UUID("6f1d3c4e-2f0b-5a53-9d0e-6b1f5e2c7a10")


def derive(kind: str, *parts: str) -> UUID:
    """UUIDv5 of `kind` and `parts`, each prefixed with its length in characters."""
    return uuid5(ENSUE_NAMESPACE, "".join(f"{len(part)}:{part}" for part in (kind, *parts)))


def event_uid(tenant: str, source: str, event_id: str) -> UUID:
    """An event's identity everywhere: CloudEvents ids are unique only within their source."""
    return derive("event", tenant, source, event_id)


def firing_id(tenant: str, trigger_id: UUID, cause: UUID, replay_no: int) -> UUID:
    """One (trigger, cause, replay) fires once. The revision is deliberately absent: an edit between two reads
    of one event must not fire twice.
    """
    return derive("firing", tenant, str(trigger_id), str(cause), str(replay_no))


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
