"""What a consume loop has in hand: the batch that is being decided, and the answer before it, on its way out.

Called by `ensue.kafka.loop`. While an answer is published and its offsets committed, the next batch is fetched and
decided; it is published only once the answer before it is acknowledged and committed. So the order of records and of
commits is that of a loop that does one thing at a time, and the most that is read again after a crash is two batches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


class InFlight:
    """At most one delivery. `idle` is set exactly while nothing is decided and nothing on its way out: a rebalance
    waits for that.
    """

    def __init__(self, idle: asyncio.Event) -> None:
        self._idle = idle
        self._deciding = False
        self._delivery: asyncio.Task[None] | None = None
        self._say()

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """A batch is in hand inside."""
        self._deciding = True
        self._say()
        try:
            yield
        finally:
            self._deciding = False
            self._say()

    def begin(self, delivery: Coroutine[Any, Any, None]) -> None:
        """Let `delivery` go its way; the one before it must be settled."""
        if self._delivery is not None:
            delivery.close()
            raise RuntimeError("an answer is on its way already: what comes after it must wait")
        self._delivery = asyncio.create_task(delivery)
        self._delivery.add_done_callback(lambda _: self._say())
        self._say()

    def check(self) -> None:
        """Raise what the delivery failed with, if it has."""
        if self._delivery is not None and self._delivery.done():
            delivery, self._delivery = self._delivery, None
            delivery.result()

    async def settled(self) -> None:
        """Returns once nothing is on its way; raises what the delivery failed with."""
        if self._delivery is not None:
            await asyncio.wait({self._delivery})
        self.check()

    async def given_up(self) -> None:
        """End the delivery where it is; what came of it is not asked any more."""
        if self._delivery is not None:
            self._delivery.cancel()
            await asyncio.wait({self._delivery})
            if not self._delivery.cancelled():
                self._delivery.exception()
            self._delivery = None

    def _say(self) -> None:
        if self._deciding or not (self._delivery is None or self._delivery.done()):
            self._idle.clear()
        else:
            self._idle.set()
