"""Keeps the ruleset honest: loads it before the first event, then compares it with the database every few minutes.

Called by the composition root. Being unable to is no failure: the loop itself refuses to decide while Kafka is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ensue.core.errors import Unavailable
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import RULESET_DATABASE_FAILURES, RULESET_UNINDEXED, Metrics
from evaluator.rules import Rules

LOAD_AGAIN_SECONDS = 1.0
MOST_TENANTS = 20
OTHERS = "(others)"  # no tenant can be named so
log = get_logger(__name__)


async def load_until_loaded(rules: Rules, stopping: asyncio.Event) -> bool:
    """Load the ruleset, again and again while Kafka is away; False if asked to stop first."""
    while not stopping.is_set():
        try:
            await rules.load()
        except Unavailable as error:
            log.warning("ruleset_not_loaded", reason=str(error), retry_in_seconds=LOAD_AGAIN_SECONDS)
            await _pause(stopping, LOAD_AGAIN_SECONDS)
        else:
            return True
    return False


async def reconcile_regularly(rules: Rules, stopping: asyncio.Event, every_seconds: float, metrics: Metrics) -> None:
    """Reconcile until stopped, and show each time what no index leads to."""
    shown = show_unindexed(rules.ruleset.unindexed(), metrics, frozenset())
    while not await _pause(stopping, every_seconds):
        try:
            await rules.reconcile()
        except Unavailable as error:
            metrics.inc(RULESET_DATABASE_FAILURES)
            log.warning("ruleset_not_reconciled", reason=str(error))
        shown = show_unindexed(rules.ruleset.unindexed(), metrics, shown)


def show_unindexed(counts: Mapping[str, int], metrics: Metrics, before: frozenset[str]) -> frozenset[str]:
    """Set the gauge of each of the tenants with most, and of all others together; those it is set for now.

    before: those that it was set for; who is not among them any more is forgotten.
    """
    ordered = sorted(((count, tenant) for tenant, count in counts.items() if count), reverse=True)
    shown = {tenant: count for count, tenant in ordered[:MOST_TENANTS]}
    if len(ordered) > MOST_TENANTS:
        shown[OTHERS] = sum(count for count, _ in ordered[MOST_TENANTS:])
    for tenant, count in shown.items():
        metrics.set(RULESET_UNINDEXED, count, tenant=tenant)
    for tenant in before - shown.keys():
        metrics.forget(RULESET_UNINDEXED, tenant=tenant)
    return frozenset(shown)


async def _pause(stopping: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until asked to stop: then True."""
    try:
        async with asyncio.timeout(seconds):
            return await stopping.wait()
    except TimeoutError:
        return False
