"""The one source of random ids (triggers, keys, leases). Derived ids are `ensue.core.ids`; those are never random."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID, uuid4  # noqa: TID251 - the one place that may make a random id


class IdFactory(Protocol):
    """Makes an id that nothing else has."""

    def new(self) -> UUID: ...


class SystemIds:
    """Random ids, UUIDv4 of the machine's entropy."""

    def new(self) -> UUID:
        """A fresh id."""
        return uuid4()
