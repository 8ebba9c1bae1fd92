"""The life of a trigger as a pure function: (state, command, now) -> new state and what must follow from it.

Called by `commands` within the transaction that holds the trigger's row. A deleted trigger never reaches these rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from ensue.core.json import Json, JsonObject
from ensue.core.outcome import Reason
from ensue.wire.topics import OutgoingRecord
from ensue.wire.triggers import TriggerRecord, encode_tombstone, encode_trigger


class InFlight(StrEnum):
    """What becomes of a trigger's unstarted actions when it is disabled or deleted."""

    CANCEL = "cancel"
    FINISH = "finish"


@dataclass(frozen=True, slots=True)
class Stored:
    """A trigger's newest state.

    document: what people wrote, without `project` and `enabled`: those are the columns here.
    cancel_before: firings observed until then are cancelled at intake; set when disabled or deleted.
    unindexed: no index leads to its condition, so every event of its types is asked; set by `costs`.
    """

    tenant: str
    trigger_id: UUID
    revision: int
    name: str
    enabled: bool
    active_since: datetime
    event_types: tuple[str, ...]
    document: JsonObject
    created_by: str
    created_at: datetime
    cancel_before: datetime | None = None
    deleted_at: datetime | None = None
    unindexed: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What a checked document asks for. `enabled` is None where it does not say.

    calendars: those that its condition names.
    """

    name: str
    enabled: bool | None
    event_types: tuple[str, ...]
    document: JsonObject
    calendars: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Replace:
    """A whole new document."""

    draft: Draft
    in_flight: InFlight


@dataclass(frozen=True, slots=True)
class Switch:
    """Enable or disable; saying it again changes nothing but, for a disable, cancels what has come since."""

    enabled: bool
    in_flight: InFlight = InFlight.CANCEL


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete softly."""

    in_flight: InFlight


Command = Replace | Switch | Delete


@dataclass(frozen=True, slots=True)
class Change:
    """The new state. `revised`: it is a new revision, which is kept and said; `cancel`: why unstarted actions end."""

    state: Stored
    revised: bool
    cancel: Reason | None = None


@dataclass(frozen=True, slots=True)
class Birth:
    """Who creates what."""

    tenant: str
    trigger_id: UUID
    created_by: str


@dataclass(frozen=True, slots=True)
class Instant:
    """When a command is obeyed, by the database's clock. skew: by how much the broker's clock may be behind it."""

    now: datetime
    skew: timedelta = timedelta(0)

    @property
    def listening_since(self) -> datetime:
        """From which append time on to listen. Append times are whole milliseconds, so it is floored to one."""
        early = self.now - self.skew
        return early.replace(microsecond=early.microsecond // 1000 * 1000)


def create(birth: Birth, draft: Draft, at: Instant) -> Change:
    """The first revision. Enabled unless the document says otherwise."""
    state = Stored(
        tenant=birth.tenant,
        trigger_id=birth.trigger_id,
        revision=1,
        name=draft.name,
        enabled=draft.enabled is not False,
        active_since=at.listening_since,
        event_types=draft.event_types,
        document=draft.document,
        created_by=birth.created_by,
        created_at=at.now,
    )
    return Change(state, revised=True)


def apply(state: Stored, command: Command, at: Instant) -> Change:
    """What the command makes of the trigger."""
    match command:
        case Replace(draft, in_flight):
            written = replace(state, name=draft.name, event_types=draft.event_types, document=draft.document)
            enabled = state.enabled if draft.enabled is None else draft.enabled
            return _switched(written, enabled, in_flight, at)
        case Switch(enabled, in_flight) if enabled == state.enabled:
            return _repeated(state, in_flight, at.now)
        case Switch(enabled, in_flight):
            return _switched(state, enabled, in_flight, at)
        case Delete(in_flight):
            gone = _stopped(state, in_flight, at.now)
            return _revised(replace(gone, deleted_at=at.now), in_flight, Reason.TRIGGER_DELETED)


def merged(document: Json, patch: Json) -> Json:
    """JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def record_of(state: Stored) -> OutgoingRecord:
    """What is said on `ensue.triggers` about this state."""
    if state.deleted_at is not None:
        return encode_tombstone(state.tenant, state.trigger_id, state.revision)
    return encode_trigger(
        TriggerRecord(
            trigger_id=state.trigger_id,
            tenant=state.tenant,
            revision=state.revision,
            enabled=state.enabled,
            active_since=state.active_since,
            created_at=state.created_at,
            document=state.document,
        )
    )


def _switched(state: Stored, enabled: bool, in_flight: InFlight, at: Instant) -> Change:  # noqa: FBT001 - the state asked for
    if state.enabled and not enabled:
        return _revised(_stopped(state, in_flight, at.now), in_flight, Reason.TRIGGER_DISABLED)
    if enabled and not state.enabled:
        # Never before what was cancelled: a stop after `active_since` is thereby known to be a later one.
        since = max(at.listening_since, state.cancel_before or at.listening_since)
        state = replace(state, enabled=True, active_since=since)
    return _revised(state, InFlight.FINISH, None)


def _repeated(state: Stored, in_flight: InFlight, now: datetime) -> Change:
    if state.enabled or in_flight is InFlight.FINISH:
        return Change(state, revised=False)
    return Change(replace(state, cancel_before=now), revised=False, cancel=Reason.TRIGGER_DISABLED)


def _stopped(state: Stored, in_flight: InFlight, now: datetime) -> Stored:
    until = now if in_flight is InFlight.CANCEL else state.cancel_before
    return replace(state, enabled=False, cancel_before=until)


def _revised(state: Stored, in_flight: InFlight, reason: Reason | None) -> Change:
    cancel = reason if in_flight is InFlight.CANCEL else None
    return Change(replace(state, revision=state.revision + 1), revised=True, cancel=cancel)
