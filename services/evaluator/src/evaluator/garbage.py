"""Looks for garbage by the clock instead of by the number of objects.

The records of one fetch are some ten thousand containers that live for a tenth of a second and hardly ever form cycles.
Collections that begin because there are so many would walk all of them, several times for each fetch, and find nothing:
a quarter of the time. Called by the composition root, which sets GARBAGE_AFTER.
"""

from __future__ import annotations

import asyncio
import gc
from itertools import count

from evaluator.keeper import pause

GARBAGE_AFTER = 1_000_000  # containers more than were freed: collected then, whatever the clock says
COLLECT_SECONDS = 5.0
OLD_EVERY = 12  # among those that have outlived a collection every so many times


async def collect_garbage_regularly(stopping: asyncio.Event, every_seconds: float = COLLECT_SECONDS) -> None:
    """Collect until stopped."""
    for number in count(1):
        if await pause(stopping, every_seconds):
            return
        collect(number)


def collect(number: int) -> None:
    """The collection of this number; none while collecting is switched off, as it is while a ruleset is built."""
    if gc.isenabled():
        gc.collect(1 if number % OLD_EVERY else 2)
