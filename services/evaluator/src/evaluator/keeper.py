"""Keeps the ruleset honest: loads it before the first event, then compares it with the database every few minutes.
Keeps its index quick, too, when many triggers have changed.

Called by the composition root. Being unable to is no failure: the loop itself refuses to decide while Kafka is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from operator import itemgetter

from ensue.core.errors import Unavailable
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import RULESET_DATABASE_FAILURES, RULESET_UNINDEXED, RULESET_UNINDEXED_WORST, Metrics
from evaluator.rules import Rules

LOAD_AGAIN_SECONDS = 1.0
TIDY_SECONDS = 1.0
log = get_logger(__name__)


async def load_until_loaded(rules: Rules, stopping: asyncio.Event) -> bool:
    """Load the ruleset, again and again while Kafka is away; False if asked to stop first."""
    while not stopping.is_set():
        try:
            await rules.load()
        except Unavailable as error:
            log.warning("ruleset_not_loaded", reason=str(error), retry_in_seconds=LOAD_AGAIN_SECONDS)
            await pause(stopping, LOAD_AGAIN_SECONDS)
        else:
            return True
    return False


async def reconcile_regularly(rules: Rules, stopping: asyncio.Event, every_seconds: float, metrics: Metrics) -> None:
    """Reconcile until stopped, and show each time what no index leads to."""
    show_unindexed(rules.ruleset.unindexed(), metrics)
    while not await pause(stopping, every_seconds):
        try:
            await rules.reconcile()
        except Unavailable as error:
            metrics.inc(RULESET_DATABASE_FAILURES)
            log.warning("ruleset_not_reconciled", reason=str(error))
        show_unindexed(rules.ruleset.unindexed(), metrics)


def show_unindexed(counts: Mapping[tuple[str, str], int], metrics: Metrics) -> None:
    """Show, of the unindexed triggers of each tenant and type, the sum and the most; the log alone names tenants."""
    (tenant, event_type), most = max(counts.items(), key=itemgetter(1), default=(("", ""), 0))
    metrics.set(RULESET_UNINDEXED, sum(counts.values()))
    metrics.set(RULESET_UNINDEXED_WORST, most)
    if most:
        log.info("ruleset_unindexed", tenant=tenant, event_type=event_type, triggers=most)


async def tidy_regularly(rules: Rules, stopping: asyncio.Event) -> None:
    """Tidy until stopped."""
    while not await pause(stopping, TIDY_SECONDS):
        await rules.tidy()


async def pause(stopping: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until asked to stop: then True."""
    try:
        async with asyncio.timeout(seconds):
            return await stopping.wait()
    except TimeoutError:
        return False
