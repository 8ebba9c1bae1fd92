"""A receiver of webhooks with scripted answers, on a free port of loopback. Used by tests of actions and dispatcher.

It keeps every call as it came, and verifies signatures with the public library, as a customer would.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
from aiohttp import web
from standardwebhooks.webhooks import Webhook

SECRET = "whsec_" + "dGhlIHNlY3JldCBvZiB0aGUgdGVzdHM="


@dataclass(frozen=True)
class Say:
    """An answer. `until`: it is given only once that is set; until then the call hangs."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    until: asyncio.Event | None = None


@dataclass(frozen=True)
class Call:
    """A call as it arrived."""

    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime

    @property
    def json(self) -> object:
        """The body."""
        return orjson.loads(self.body)

    @property
    def webhook_id(self) -> str:
        """The idempotency key."""
        return self.headers["webhook-id"]

    def verify(self, secret: str = SECRET) -> None:
        """Raises where the signature is not right for these very bytes."""
        Webhook(secret).verify(self.body, dict(self.headers), json_parse=False)


class Receiver:
    """`script` says what a path answers, one call after the other; then, and elsewhere, it is 200."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.url = ""
        self.port = 0
        self.most_at_once: dict[str, int] = defaultdict(int)
        self._at_once: dict[str, int] = defaultdict(int)
        self._scripts: dict[str, deque[Say]] = defaultdict(deque)

    def script(self, path: str, *answers: Say) -> None:
        """Append to what `path` answers."""
        self._scripts[path].extend(answers)

    def on(self, path: str) -> list[Call]:
        """The calls that came for `path`."""
        return [call for call in self.calls if call.path == path]

    async def take(self, request: web.Request) -> web.Response:
        """Note the call when it arrives, then answer as the script says."""
        path = request.path
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        self.calls.append(Call(path, request.query_string, headers, body, datetime.now(UTC)))  # noqa: TID251 - a witness
        answer = self._scripts[path].popleft() if self._scripts[path] else Say()
        self._at_once[path] += 1
        self.most_at_once[path] = max(self.most_at_once[path], self._at_once[path])
        try:
            if answer.until is not None:
                await answer.until.wait()
        finally:
            self._at_once[path] -= 1
        return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)


@asynccontextmanager
async def listening() -> AsyncIterator[Receiver]:
    """A receiver that listens. Calls that hang are dropped at the end."""
    receiver = Receiver()
    app = web.Application(client_max_size=4 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.port = runner.addresses[0][1]
    receiver.url = f"http://127.0.0.1:{receiver.port}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
