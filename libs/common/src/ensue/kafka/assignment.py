"""Which partitions this member of a group owns, and under which token.

The token changes with every revocation and every assignment. What was read under one token is never committed under
another: the client itself would accept that, once a partition has gone to another member and come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition

from ensue.runtime.metrics import REBALANCES, Metrics


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # the client has no types
    """Kept by the client's rebalance callbacks; read by `ensue.kafka.consumer`.

    partitions: None from a revocation until the next assignment.
    changed: done once the present token is no longer the present one.
    revoking: a rebalance has begun and waits for the batch in hand, but not for ever.
    """

    def __init__(self, idle: asyncio.Event, grace_seconds: float, metrics: Metrics) -> None:
        self.token = 0
        self.partitions: frozenset[TopicPartition] | None = None
        self.changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.revoking = asyncio.Event()
        self._idle = idle
        self._grace_seconds = grace_seconds
        self._metrics = metrics

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called before the group is joined again; until this returns, commits are still accepted."""
        self.revoking.set()
        waiting = asyncio.ensure_future(self._idle.wait())
        await asyncio.wait({waiting}, timeout=self._grace_seconds)
        waiting.cancel()
        self._change(None)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called with all partitions that this member now owns."""
        self._metrics.inc(REBALANCES)
        self.revoking.clear()
        self._change(frozenset(assigned))

    async def while_unchanged(self, commit: Coroutine[Any, Any, None]) -> bool:
        """Whether `commit` succeeded under the present token; cancelled as soon as that is another.

        The client repeats a commit until the broker takes it, be it in another generation of the group.
        """
        committing = asyncio.ensure_future(commit)
        try:
            await asyncio.wait({committing, self.changed}, return_when=asyncio.FIRST_COMPLETED)
            if committing.done():
                committing.result()
                return True
            return False
        finally:
            committing.cancel()

    def _change(self, partitions: frozenset[TopicPartition] | None) -> None:
        self.partitions = partitions
        self.token += 1
        self.changed.set_result(None)
        self.changed = asyncio.get_running_loop().create_future()
