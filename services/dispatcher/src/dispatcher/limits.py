"""How much the dispatcher does at once and how long it waits for what. Frozen; made by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """slots: attempts in hand at once (claimed, not yet settled).

    per_lane: calls at once to one target of one tenant; well below `slots`, so that a target that hangs stops itself.
    per_tenant: calls at once of one tenant from which on nothing more of it is claimed; well below `slots` too, so that
        many targets that hang leave room for the other tenants.
    begin_within: a claim that has not begun by then is given back, so that a brake holds soon after it is pulled.
    lease_margin: how long a lease outlives the deadline of its call.
    poll, reap: how often the database is asked what is due, and which leases are over.
    """

    slots: int = 1024
    per_lane: int = 64
    per_tenant: int = 512
    claim_batch: int = 256
    settle_batch: int = 256
    begin_within: timedelta = timedelta(milliseconds=500)
    lease_margin: timedelta = timedelta(seconds=15)
    poll: timedelta = timedelta(milliseconds=100)
    reap: timedelta = timedelta(milliseconds=500)
