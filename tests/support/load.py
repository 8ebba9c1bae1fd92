"""A producer that outlives the failures of what it publishes to: it repeats with the same ids until it is told 202.

Used by the kill tests and by chaos. Its ledger, `accepted`, is what the system promised to keep.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ensue.core.errors import Unavailable
from ensue_client import Client, NewEvent

BUCKETS = 8
BATCH = 50
AT_ONCE = 4
PAUSE_SECONDS = 0.2


@dataclass
class Producer:
    """Publishes numbered events `load.made`; `data.bucket` is the number modulo BUCKETS."""

    client: Client
    accepted: set[str] = field(default_factory=set)
    refused: int = 0  # answers that asked to repeat

    async def publish(self, count: int, after_each: Callable[[int], Awaitable[None]]) -> None:
        """Publish `count` events; `after_each(accepted so far)` runs after every batch and may break things."""
        numbers = iter(range(count))
        await asyncio.gather(*(self._work(numbers, after_each) for _ in range(AT_ONCE)))

    async def _work(self, numbers: Iterator[int], after_each: Callable[[int], Awaitable[None]]) -> None:
        while batch := [made(number) for number in islice(numbers, BATCH)]:
            await self._until_accepted(batch)
            self.accepted.update(event.id or "" for event in batch)
            await after_each(len(self.accepted))

    async def _until_accepted(self, batch: Sequence[NewEvent]) -> None:
        accepted = False
        while not accepted:
            try:
                await self.client.publish(*batch)
            except Unavailable:
                self.refused += 1
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                accepted = True


def made(number: int) -> NewEvent:
    """The event of this number."""
    data = {"number": number, "bucket": number % BUCKETS}
    return NewEvent("load.made", source="urn:ensue:load", id=str(number), subject=f"subject-{number % 100}", data=data)


def numbers_in(buckets: Sequence[int], count: int) -> set[str]:
    """Ids of the first `count` events that lie in `buckets`."""
    return {str(number) for number in range(count) if number % BUCKETS in buckets}
