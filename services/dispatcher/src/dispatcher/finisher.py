"""Settles results many at a time: while one transaction runs, the next batch gathers.

Fed by the executor (results, claims given back) and by the reaper; owns the retry while PostgreSQL is away. Settling
twice is harmless: the fence refuses the second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from dispatcher.settling import Settlement
from dispatcher.states import AttemptResult, Finished, Step
from ensue.core.errors import Unavailable
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import (
    ACTIONS_ENDED,
    ACTIONS_RETRIED,
    ATTEMPTS_UNKNOWN,
    FENCE_REJECTED,
    OUTCOMES,
    Metrics,
)

BACK_OFF_SECONDS = 0.2
log = get_logger(__name__)
_Waiting = tuple[Settlement, asyncio.Future[Step]]


class Settler(Protocol):
    """Where settlements are written."""

    async def settle(self, settlements: Sequence[Settlement]) -> list[Step]: ...


class Finisher:
    """One queue, one transaction at a time. `told` is called after each commit: something may be due or to be sent."""

    def __init__(self, store: Settler, batch: int, metrics: Metrics, told: Callable[[], None]) -> None:
        self._store = store
        self._batch = batch
        self._metrics = metrics
        self._told = told
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue()

    def submit(self, settlement: Settlement) -> asyncio.Future[Step]:
        """Settle soon; the future gives the step once it is committed."""
        future: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((settlement, future))
        return future

    def close(self) -> None:
        """End `run` once everything submitted until now is settled."""
        self._queue.put_nowait(None)

    async def run(self) -> None:
        """Settle until closed."""
        while (first := await self._queue.get()) is not None:
            batch = [first]
            ending = False
            while len(batch) < self._batch and not self._queue.empty():
                following = self._queue.get_nowait()
                if following is None:
                    ending = True
                    break
                batch.append(following)
            await self._settle(batch)
            if ending:
                return

    async def _settle(self, batch: Sequence[_Waiting]) -> None:
        steps = await self._commit([settlement for settlement, _ in batch])
        self._told()
        for (settlement, future), done in zip(batch, steps, strict=True):
            self._count(settlement, done)
            if not future.done():
                future.set_result(done)

    async def _commit(self, settlements: Sequence[Settlement]) -> list[Step]:
        while True:
            try:
                return await self._store.settle(settlements)
            except Unavailable as error:
                log.warning("settling_waits", error=str(error), settlements=len(settlements))
                await asyncio.sleep(BACK_OFF_SECONDS)

    def _count(self, settlement: Settlement, done: Step) -> None:
        if not done.accepted:
            if isinstance(settlement.happening, Finished):
                self._metrics.inc(FENCE_REJECTED)
                log.warning(
                    "result_dropped", why="the lease had passed on", action_id=str(settlement.happening.action_id)
                )
            return
        for action in done.ended:
            self._metrics.inc(ACTIONS_ENDED, kind=action.kind, status=action.state.value)
        for attempt in done.attempts:
            if attempt.result is AttemptResult.UNKNOWN:
                self._metrics.inc(ATTEMPTS_UNKNOWN, kind=settlement.kind)
            elif attempt.result is AttemptResult.FAILED and not done.ended:
                self._metrics.inc(ACTIONS_RETRIED, kind=settlement.kind)
        if done.over:
            self._metrics.inc(OUTCOMES, status=done.run.state.value)
