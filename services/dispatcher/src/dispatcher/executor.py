"""Runs what is due: claims, calls, and hands every result to the finisher. The database alone decides what is due.

Spawned by the composition root; poked by the intake and after each settling, else it asks at short intervals. A claim
is only made for a free slot, so that it begins at once; one that does not is given back.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from dispatcher.claims import Claim
from dispatcher.finisher import Finisher
from dispatcher.limits import Limits
from dispatcher.settling import Settlement
from dispatcher.states import GivenBack, LeaseExpired
from ensue.core.errors import Unavailable
from ensue.runtime.clock import Clock
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import ACTIONS_CLAIMED, Metrics

BACK_OFF_SECONDS = 0.2
SETTLE_RESERVE_SECONDS = 2.0
log = get_logger(__name__)


class Claimer(Protocol):
    """Where claims come from."""

    async def claim(self, busy: Mapping[str, int], limits: Limits, limit: int) -> list[Claim]: ...


class Attempter(Protocol):
    """Who makes an attempt."""

    async def make(self, claim: Claim) -> Settlement: ...


class Executor:
    """Bounded concurrency over claims."""

    def __init__(
        self, claims: Claimer, attempts: Attempter, finisher: Finisher, limits: Limits, clock: Clock, metrics: Metrics
    ) -> None:
        self._claims = claims
        self._attempts = attempts
        self._finisher = finisher
        self._limits = limits
        self._clock = clock
        self._metrics = metrics
        self._batch = limits.claim_batch  # fewer while claims take so long that they cannot begin in time
        self._wake = asyncio.Event()
        self._busy: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._trouble: str | None = None
        self._broken: BaseException | None = None

    def poke(self) -> None:
        """Something may be due: ask now."""
        self._wake.set()

    async def check(self) -> None:
        """Raise Unavailable while claiming fails. For health."""
        if self._trouble is not None:
            raise Unavailable(self._trouble)

    async def run(self, stopping: asyncio.Event, remaining: Callable[[], float]) -> None:
        """Execute until `stopping`; then let calls end, and cut short what the deadline does not leave time for."""
        stop = asyncio.create_task(self._wake_when(stopping))
        try:
            while not stopping.is_set():
                if self._broken is not None:
                    raise self._broken
                if not await self._round():
                    await self._rest()
        finally:
            stop.cancel()
        await self._drain(remaining)

    async def _round(self) -> bool:
        """Claim once; whether anything was found."""
        self._wake.clear()
        free = min(self._limits.slots - len(self._tasks), self._batch)
        if free <= 0:
            return False
        began = self._clock.monotonic()
        try:
            claims = await self._claims.claim(self._busy, self._limits, free)
        except Unavailable as error:
            self._trouble = str(error)
            log.warning("claiming_waits", error=self._trouble)
            await asyncio.sleep(BACK_OFF_SECONDS)
            return False
        self._trouble = None
        late = self._is_late(began)
        self._batch = max(1, self._batch // 2) if late else min(self._batch * 2, self._limits.claim_batch)
        for claim in claims:
            self._start(claim, began)
        return bool(claims)

    def _start(self, claim: Claim, claimed_at: float) -> None:
        self._metrics.inc(ACTIONS_CLAIMED, kind=claim.kind)
        self._busy[claim.lane] += 1
        task = asyncio.create_task(self._attempt(claim, claimed_at), name=f"attempt {claim.action_id}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _attempt(self, claim: Claim, claimed_at: float) -> None:
        begun = False
        try:
            if self._is_late(claimed_at):
                settlement = _unbegun(claim)
            else:
                begun = True
                settlement = await self._attempts.make(claim)
        except asyncio.CancelledError:
            self._finisher.submit(_cut_short(claim) if begun else _unbegun(claim))
            raise
        finally:
            self._leave(claim.lane)
        await self._finisher.submit(settlement)

    def _is_late(self, claimed_at: float) -> bool:
        """Whether a claim may not begin any more."""
        return self._clock.monotonic() - claimed_at >= self._limits.begin_within.total_seconds()

    def _leave(self, lane: str) -> None:
        self._busy[lane] -= 1
        if self._busy[lane] == 0:
            del self._busy[lane]
        self._wake.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._broken = task.exception()  # a defect of ours, not of an action: the process ends
        self._wake.set()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._limits.poll.total_seconds()):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _wake_when(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self._wake.set()

    async def _drain(self, remaining: Callable[[], float]) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=max(0.0, remaining() - SETTLE_RESERVE_SECONDS))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _unbegun(claim: Claim) -> Settlement:
    return Settlement(claim.firing_id, claim.kind, GivenBack(claim.action_id, claim.fence))


def _cut_short(claim: Claim) -> Settlement:
    return Settlement(claim.firing_id, claim.kind, LeaseExpired(claim.action_id, claim.fence))
