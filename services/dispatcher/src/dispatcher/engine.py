"""Claiming, calling and settling put together, and the order in which they start and end. Made by the composition root.

Knows nothing of Kafka: firings come in by the database, and what is said leaves by the outbox.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.attempts import Attempts
from dispatcher.claims import ClaimStore
from dispatcher.executor import Executor
from dispatcher.finisher import Finisher
from dispatcher.limits import Limits
from dispatcher.reaper import reap
from dispatcher.settling import SettlingStore
from ensue.actions.kind import Ports
from ensue.postgres.database import Database
from ensue.runtime.clock import Clock
from ensue.runtime.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an engine is given. worker: its name in the rows of attempts. chance: numbers in [0, 1).

    told: called after each commit that may have put something into the outbox.
    """

    worker: str
    clock: Clock
    metrics: Metrics
    chance: Callable[[], float]
    told: Callable[[], None]


class Engine:
    """Runs the actions of the firings in one database."""

    def __init__(self, database: Database, ports: Ports, limits: Limits, given: Surroundings) -> None:
        self._limits = limits
        self._given = given
        self._store = SettlingStore(database, given.clock)
        self._finisher = Finisher(self._store, limits.settle_batch, given.metrics, self._committed)
        claims = ClaimStore(database, given.worker, limits.lease_margin)
        attempts = Attempts(ports, given.clock, given.metrics, given.chance)
        self._executor = Executor(claims, attempts, self._finisher, limits, given.clock, given.metrics)

    def poke(self) -> None:
        """Firings were taken in: look what is due."""
        self._executor.poke()

    async def check(self) -> None:
        """Raise Unavailable while nothing can be claimed. For health."""
        await self._executor.check()

    async def run(self, stopping: asyncio.Event, remaining: Callable[[], float]) -> None:
        """Work until `stopping`, then end calls, settle everything and return, within `remaining()`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._finisher.run(), name="finisher")
            reaping = group.create_task(reap(self._store, self._finisher, self._limits, stopping), name="reaper")
            await self._executor.run(stopping, remaining)
            await reaping
            self._finisher.close()

    def _committed(self) -> None:
        self._executor.poke()
        self._given.told()
