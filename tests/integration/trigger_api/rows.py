"""Rows as the dispatcher and the audit would have written them, for what the API reads of theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import asyncpg

from ensue_devstack.databases import ScratchDatabase

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_NAMES = UUID(int=0)


def named(name: str) -> UUID:
    """An id that a reader of a test can tell from the others."""
    return uuid5(_NAMES, name)


class Rows:
    """Writes rows of one tenant in one chain, one second after another."""

    def __init__(self, admin: asyncpg.Connection[asyncpg.Record], tenant: str, correlation_id: UUID) -> None:
        self._admin = admin
        self._common = {"tenant": tenant, "correlation_id": correlation_id}
        self._at = AT

    async def dispatched(
        self, action: str, *, firing: str, trigger_id: UUID | None = None, depth: int = 0, state: str = "due"
    ) -> None:
        """A firing with one action that has not ended."""
        of_firing = {"firing_id": named(firing), "record_id": named(firing), "tenant": self._common["tenant"]}
        await self._insert(
            "dispatch.firing",
            {**of_firing, **self._common, "trigger_id": trigger_id or named("trigger"), "revision": 1},
            {"cause": named("cause"), "event_uid": named("cause"), "depth": depth, "observed_at": self._next()},
            {"sequence": "sequential", "state": "open", "event": "{}"},
        )
        await self._insert(
            "dispatch.action",
            {**of_firing, "action_id": named(action), "path": "actions.0", "position": 0, "kind": "webhook"},
            {"lane": "x", "request": "{}", "timeout_seconds": 5.0, "state": state, "due_at": AT},
        )

    async def event(self, event: str, *, caused_by: str | None = None, depth: int = 0) -> None:
        """An event in the journal."""
        await self._insert(
            "audit.event",
            {**self._common, "at": self._next(), "record_id": named(event), "event_id": event, "source": "/studio"},
            {"type": f"{event}.happened", "causation_id": named(caused_by) if caused_by else None, "depth": depth},
            {"extensions": "{}", "topic": "ensue.events", "partition": 0, '"offset"': 0},
        )

    async def firing(self, firing: str, *, event: str, depth: int = 0, trigger_id: UUID | None = None) -> None:
        """A firing in the journal; pending until it has an outcome."""
        await self._insert(
            "audit.firing",
            {**self._common, "at": self._next(), "record_id": named(firing), "event_uid": named(event)},
            {"trigger_id": trigger_id or named("trigger"), "revision": 1, "depth": depth, "replay_no": 0},
            {"mode": "live", "event_id": event, "event_source": "/studio", "event_type": f"{event}.happened"},
        )

    async def outcome(self, firing: str, status: str, *, event: str, reason: str | None = None, depth: int = 0) -> None:
        """How a firing ended."""
        await self._insert(
            "audit.outcome",
            {**self._common, "at": self._next(), "record_id": named(firing + status), "firing_id": named(firing)},
            {"trigger_id": named("trigger"), "revision": 1, "event_uid": named(event), "depth": depth},
            {"status": status, "reason": reason, "actions": "[]"},
        )

    async def ended(self, action: str, status: str, *, firing: str, emitted: str | None = None) -> None:
        """How an action ended."""
        await self._insert(
            "audit.action_outcome",
            {**self._common, "at": self._next(), "record_id": named(action + status), "action_id": named(action)},
            {"firing_id": named(firing), "trigger_id": named("trigger"), "depth": 0, "path": "actions.0"},
            {"kind": "emit_event", "status": status, "attempts": 1},
            {"emitted_event_uid": named(emitted) if emitted else None},
        )

    async def state_of(self, action: str) -> str:
        """How the dispatcher's row of an action stands."""
        found = await self._admin.fetchval("SELECT state FROM dispatch.action WHERE action_id = $1", named(action))
        return str(found)

    def _next(self) -> datetime:
        self._at += timedelta(seconds=1)
        return self._at

    async def _insert(self, table: str, *parts: Mapping[str, object]) -> None:
        row = {name: value for part in parts for name, value in part.items()}
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"  # noqa: S608 - names from this file
        await self._admin.execute(statement, *row.values())


@asynccontextmanager
async def rows_of(database: ScratchDatabase, tenant: str, chain: str = "root") -> AsyncIterator[Rows]:
    """Rows of the tenant in the chain."""
    admin = await asyncpg.connect(database.admin_url)
    try:
        await admin.execute("SELECT audit.ensure_partitions(ARRAY[$1::date])", AT.date())
        yield Rows(admin, tenant, named(chain))
    finally:
        await admin.close()
