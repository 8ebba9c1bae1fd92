"""The typed registry of topics, by the logical names of DESIGN.md section 2. `deploy/topics.yml` configures them."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Topic(StrEnum):
    """A topic by its logical name; the Kafka adapter adds the deployment's prefix."""

    EVENTS = "ensue.events"
    SYSTEM = "ensue.system"
    TRIGGERS = "ensue.triggers"
    SIGNALS = "ensue.signals"
    FIRINGS = "ensue.firings"
    OUTCOMES = "ensue.outcomes"
    DEAD = "ensue.dead"


class OutgoingRecord(Struct, frozen=True, gc=False):
    """What a handler wants published. `headers` keep their order; a None value is a tombstone.

    A msgspec struct because one is made for every firing.
    """

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
