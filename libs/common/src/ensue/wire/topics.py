"""The typed registry of topics, by the logical names of DESIGN.md section 2. `deploy/topics.yml` configures them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    """A topic by its logical name; the Kafka adapter adds the deployment's prefix."""

    EVENTS = "ensue.events"
    SYSTEM = "ensue.system"
    TRIGGERS = "ensue.triggers"
    SIGNALS = "ensue.signals"
    FIRINGS = "ensue.firings"
    OUTCOMES = "ensue.outcomes"
    DEAD = "ensue.dead"


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """What a handler wants published. `headers` keep their order; a None value is a tombstone."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
