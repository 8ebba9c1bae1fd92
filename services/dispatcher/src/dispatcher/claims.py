"""Takes due actions for this worker. Called by the executor; the statement `claim` is the whole of it.

The attempt's row is written and committed before anything outside is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from dispatcher.limits import Limits
from ensue.postgres.database import Database, Record
from ensue.postgres.queries import Queries

FIRST = ""  # sorts before every lane


@dataclass(frozen=True, slots=True)
class Claim:
    """An action that this worker may try once, now. Finishing it needs `fence`.

    request: JSON text as it was frozen; absent where `flaw` says why nothing can be called.
    """

    action_id: UUID
    firing_id: UUID
    trigger_id: UUID
    tenant: str
    kind: str
    lane: str
    request: str | None
    flaw: str | None
    timeout: timedelta
    attempt: int
    fence: int
    correlation_id: UUID
    depth: int
    observed_at: datetime


class ClaimStore:
    """The claiming side. `margin` is how long a lease outlives the deadline of its call.

    Lanes are served in turn, `lanes_at_once` of them a statement; `_after` is the lane after which the next begins.
    """

    def __init__(self, database: Database, worker: str, margin: timedelta, lanes_at_once: int = 500) -> None:
        self._database = database
        self._worker = worker
        self._margin = margin.total_seconds()
        self._lanes_at_once = lanes_at_once
        self._after = FIRST
        self._queries = Queries.load("dispatcher")

    async def claim(self, busy: Mapping[str, int], limits: Limits, limit: int) -> list[Claim]:
        """At most `limit` due actions, at most `limits.per_lane` running in each lane. Raises Unavailable.

        None are found only after a look at every lane of every tenant that may run more.
        """
        around = self._after == FIRST
        while True:
            claims = await self._next_lanes(busy, limits, limit)
            if claims or (around and self._after == FIRST):
                return claims
            around = around or self._after == FIRST

    async def _next_lanes(self, busy: Mapping[str, int], limits: Limits, limit: int) -> list[Claim]:
        async with self._database.transaction() as conn:
            rows = await conn.fetch(
                self._queries["claim"],
                self._after,
                list(busy.keys()),
                list(busy.values()),
                limits.per_lane,
                limit,
                self._margin,
                self._worker,
                self._lanes_at_once,
                full_tenants(busy, limits.per_tenant),
            )
        claims = [_claim(row) for row in rows if row["action_id"] is not None]
        full = len(claims) == limit
        self._after = max(claim.lane for claim in claims) if full else rows[0]["last_lane"] or FIRST
        return claims


def full_tenants(busy: Mapping[str, int], per_tenant: int) -> list[str]:
    """The tenants that run as many calls as they may. `busy`: calls by lane, which is tenant/target."""
    calls: Counter[str] = Counter()
    for lane, running in busy.items():
        calls[lane.partition("/")[0]] += running
    return [tenant for tenant, running in calls.items() if running >= per_tenant]


def _claim(row: Record) -> Claim:
    return Claim(
        action_id=row["action_id"],
        firing_id=row["firing_id"],
        trigger_id=row["trigger_id"],
        tenant=row["tenant"],
        kind=row["kind"],
        lane=row["lane"],
        request=row["request"],
        flaw=row["flaw"],
        timeout=timedelta(seconds=row["timeout_seconds"]),
        attempt=row["attempt"],
        fence=row["fence"],
        correlation_id=row["correlation_id"],
        depth=row["depth"],
        observed_at=row["observed_at"],
    )
