"""Ledgers kept outside the system under test: what a producer was told is durable, and what a receiver was called for.

Used by the kill tests and by chaos: the system's own records are never asked whether the system lost something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import web


@dataclass
class ReceiverLedger:
    """Every call of a webhook: which `webhook-id` came for which event, and how often."""

    calls: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    url: str = ""

    @property
    def events(self) -> set[str]:
        """Ids of the events for which at least one call came."""
        return set(self.calls)

    @property
    def doubled(self) -> dict[str, list[str]]:
        """Events for which calls came under more than one identity: one event, one trigger, two firings."""
        return {event: sorted(ids) for event, ids in self.calls.items() if len(ids) > 1}

    @property
    def repeated(self) -> int:
        """Calls beyond the first of their identity: allowed (at least once), and counted."""
        return sum(times - 1 for ids in self.calls.values() for times in ids.values())

    async def take(self, request: web.Request) -> web.Response:
        """Note the call, then answer 200."""
        body = orjson.loads(await request.read())
        self.calls[body["event"]["id"]][request.headers["webhook-id"]] += 1
        return web.Response(text="ok")


@asynccontextmanager
async def receiving() -> AsyncIterator[ReceiverLedger]:
    """A receiver on a free port of loopback that answers 200 to everything and keeps the ledger."""
    ledger = ReceiverLedger()
    app = web.Application()
    app.router.add_post("/", ledger.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    ledger.url = f"http://{host}:{port}/"
    try:
        yield ledger
    finally:
        await runner.cleanup()
