"""What the handlers may use of the outside world, as one value. Made by `app`, carried by the FastAPI application."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from ensue.postgres.database import Database
from ensue.postgres.outbox import Relay
from ensue.runtime.ids import IdFactory
from ensue.runtime.publishing import Publisher
from trigger_api.keys.queries import KeyRing


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything with an effect.

    in_force_seconds: how long a write waits for its record's acknowledgement before it answers `in_force: false`.
    publish_seconds: how long an intake waits for Kafka before it answers 503.
    max_unindexed: how many enabled triggers of a tenant no index may lead to, for each event type.
    clock_skew: by how much the broker's clock may be behind the database's.
    """

    database: Database
    publisher: Publisher
    relay: Relay
    keys: KeyRing
    ids: IdFactory
    in_force_seconds: float = 1.0
    publish_seconds: float = 5.0
    clock_skew: timedelta = timedelta(0)
    max_unindexed: int = 500

    async def is_in_force(self, outbox_id: int | None) -> bool:
        """Whether what a write put into the outbox is acknowledged, waited for in_force_seconds; nothing always is."""
        return outbox_id is None or await self.relay.wait_sent(outbox_id, self.in_force_seconds)


def ports_of(request: Request) -> Ports:
    """The ports of the application that serves this request."""
    ports: Ports = request.app.state.ports
    return ports


Outside = Annotated[Ports, Depends(ports_of)]
