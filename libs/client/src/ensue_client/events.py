"""Events as a producer words them, and the chain's headers that a worker echoes. Used by `client` and its callers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ensue.core.errors import InvalidValue
from ensue.core.json import Json, JsonObject

SPEC_VERSION = "1.0"
CORRELATION = "correlationid"
CAUSATION = "causationid"
DEPTH = "chaindepth"
HTTP_PREFIX = "ce-"


@dataclass(frozen=True, slots=True)
class ChainHeaders:
    """The place in a chain that a call of ours carried. Whoever answers with a new event echoes it unchanged."""

    correlation_id: str
    causation_id: str
    depth: int

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> ChainHeaders:
        """From the headers of an HTTP call that an action made; names in any case."""
        lower = {name.lower(): value for name, value in headers.items()}
        try:
            correlation, causation, depth = (lower[HTTP_PREFIX + name] for name in (CORRELATION, CAUSATION, DEPTH))
        except KeyError as missing:
            raise InvalidValue(f"the call carries no {missing.args[0]} header: it does not come from a chain") from None
        if not (depth.isascii() and depth.isdecimal()):
            raise InvalidValue(f"{HTTP_PREFIX}{DEPTH} must be a whole number, not {depth!r}")
        return cls(correlation, causation, int(depth))

    def attributes(self) -> dict[str, Json]:
        """As CloudEvents extension attributes."""
        return {CORRELATION: self.correlation_id, CAUSATION: self.causation_id, DEPTH: self.depth}


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to publish.

    id: unique within `source`. Name it after the fact (an order's number, a webhook's id), so that publishing it again
        after a doubt is the same event; without one, the client makes an id that nothing else has.
    time: when it happened, aware. chain: of the call that this event answers; without it a new chain begins.
    extensions: further CloudEvents attributes.
    """

    type: str
    source: str
    data: Json = None
    subject: str | None = None
    id: str | None = None
    time: datetime | None = None
    chain: ChainHeaders | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)

    def document(self, fallback_id: str) -> JsonObject:
        """The CloudEvent in the JSON format, structured mode."""
        optional: dict[str, Json] = {"subject": self.subject, "time": self.time.isoformat() if self.time else None}
        if self.data is not None:
            optional |= {"datacontenttype": "application/json", "data": self.data}
        return {
            "specversion": SPEC_VERSION,
            "id": self.id or fallback_id,
            "source": self.source,
            "type": self.type,
            **self.extensions,
            **(self.chain.attributes() if self.chain else {}),
            **{name: value for name, value in optional.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class Published:
    """An event that is durable now. `correlation_id` names its chain."""

    id: str
    event_uid: UUID
    correlation_id: UUID
