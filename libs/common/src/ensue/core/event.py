"""Event: an immutable fact that can start something. Decoded by `ensue.wire`, read by conditions and templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ensue.core.ids import cause_part
from ensue.core.json import Json
from ensue.core.lineage import Lineage

DEFAULT_TENANT = "default"


class FiringMode(StrEnum):
    """Whether the actions of a firing are run (live) or only recorded (test)."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Event:
    """A CloudEvent, with its identity and its place in a chain.

    event_uid: `ids.event_uid(tenant, source, id)`.
    time: the producer's instant (aware UTC), None where it gave none. The instant that decides is not this one
        but the record's append time, which is an argument of `decide`.
    entity_type: the CloudEvents extension `entitytype`, else the part of `type` before its first dot.
    data: the decoded JSON payload, None where there is none.
    extensions: further CloudEvents attributes, as text.
    replay_no: 0 for the event itself, from 1 for its replays; part of the identity of the firings it causes.
    targets: the triggers that a replay addresses; empty means all.
    mode: test where a replay only asks what would follow.
    """

    event_uid: UUID
    tenant: str
    id: str
    source: str
    type: str
    lineage: Lineage
    subject: str | None = None
    time: datetime | None = None
    entity_type: str | None = None
    data: Json = None
    dataschema: str | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)
    replay_no: int = 0
    targets: tuple[UUID, ...] = ()
    mode: FiringMode = FiringMode.LIVE

    @property
    def tenant_and_type(self) -> tuple[str, str]:
        """By these two triggers listen."""
        return self.tenant, self.type

    @property
    def depth(self) -> int:
        """Where in its chain it stands."""
        return self.lineage.depth

    @property
    def correlation_id(self) -> UUID:
        """The chain."""
        return self.lineage.correlation_id

    def identified(self) -> bytes:
        """What the ids of the firings that it causes have in common: asked once for all of them."""
        return cause_part(str(self.event_uid).encode(), self.replay_no)

    def whole(self) -> Event:
        """This event with everything read; that of a subclass may be read when it is asked for."""
        return self
