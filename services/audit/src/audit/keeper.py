"""Housekeeping of the journal: the partitions of the coming days are there before their first record.

Run beside the loop; nothing depends on it: a batch that needs a partition makes it. Made ahead, no batch has to wait.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from audit.journal import Journal
from ensue.core.errors import Unavailable
from ensue.runtime.clock import Clock
from ensue.runtime.logs import get_logger

EVERY_SECONDS = 3600.0
AGAIN_AFTER_SECONDS = 10.0
log = get_logger(__name__)


class Keeper:
    """Makes the partitions from today to `days_ahead` days from now, and forgets what no topic can bring again."""

    def __init__(self, journal: Journal, clock: Clock, days_ahead: int) -> None:
        self._journal = journal
        self._clock = clock
        self._days_ahead = days_ahead

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep house now and every hour until stopped; while PostgreSQL is away, more often."""
        while not stopping.is_set():
            try:
                await self.keep()
                pause = EVERY_SECONDS
            except Unavailable as error:
                log.warning("journal_keeping_postponed", reason=str(error))
                pause = AGAIN_AFTER_SECONDS
            try:
                async with asyncio.timeout(pause):
                    await stopping.wait()
            except TimeoutError:
                continue

    async def keep(self) -> None:
        """One round."""
        now = self._clock.now()
        made = await self._journal.ensure_partitions(
            (now + timedelta(days=days)).date() for days in range(self._days_ahead + 1)
        )
        forgotten = await self._journal.forget_first_seen(now)
        if made or forgotten:
            log.info("journal_kept", days_made=made, forgotten=forgotten)
