"""Finds leases that ran out, whoever held them, and has their attempts settled as unknown. Spawned beside the executor.

Every dispatcher looks; the fence lets one of them settle each. What a zombie reports afterwards is refused by it too.
"""

from __future__ import annotations

import asyncio
from typing import Protocol
from uuid import UUID

from dispatcher.finisher import Finisher
from dispatcher.limits import Limits
from dispatcher.settling import Settlement
from dispatcher.states import LeaseExpired
from ensue.core.errors import Unavailable
from ensue.runtime.logs import get_logger

log = get_logger(__name__)


class Leases(Protocol):
    """Who knows the expired leases."""

    async def expired(self, limit: int) -> list[tuple[UUID, UUID, int, str]]: ...


async def reap(leases: Leases, finisher: Finisher, limits: Limits, stopping: asyncio.Event) -> None:
    """Look again and again until `stopping`."""
    while not stopping.is_set():
        try:
            found = await leases.expired(limits.settle_batch)
        except Unavailable as error:
            log.warning("reaping_waits", error=str(error))
            found = []
        settling = [
            finisher.submit(Settlement(firing_id, kind, LeaseExpired(action_id, fence)))
            for action_id, firing_id, fence, kind in found
        ]
        if settling:
            await asyncio.wait(settling)
        try:
            async with asyncio.timeout(limits.reap.total_seconds()):
                await stopping.wait()
        except TimeoutError:
            continue
