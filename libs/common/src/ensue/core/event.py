"""Event: an immutable fact that can start something. Decoded by `ensue.wire`, read by conditions and templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ensue.core.json import Json
from ensue.core.lineage import Lineage

DEFAULT_TENANT = "default"


@dataclass(frozen=True, slots=True)
class Event:
    """A CloudEvent, with its identity and its place in a chain.

    event_uid: `ids.event_uid(tenant, source, id)`.
    time: the producer's instant (aware UTC), None where it gave none. The instant that decides is not this one
        but the record's append time, which is an argument of `decide`.
    entity_type: the CloudEvents extension `entitytype`, else the part of `type` before its first dot.
    data: the decoded JSON payload, None where there is none.
    extensions: further CloudEvents attributes, as text.
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
