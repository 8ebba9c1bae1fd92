"""The receiving side of the dispatcher's benchmark: a bare HTTP server, a process of its own, that only counts.

`python -m tests.bench.receiver PORT`: answers 200 to every POST; `GET /arrivals` answers the distinct `webhook-id`s
seen and the arrival times (seconds, monotonic) at the given counts.
"""

from __future__ import annotations

import sys
import time

import uvloop
from aiohttp import web


class Arrivals:
    """When the n-th distinct call came."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.times: list[float] = []

    async def take(self, request: web.Request) -> web.Response:
        """Read the body as any receiver would, and count it once."""
        await request.read()
        identity = request.headers.get("webhook-id", "")
        if identity not in self.seen:
            self.seen.add(identity)
            self.times.append(time.monotonic())
        return web.Response(text="ok")

    async def tell(self, _: web.Request) -> web.Response:
        """How many came, and the rate between the first tenth and the ninth."""
        count = len(self.times)
        low, high = count // 10, count * 9 // 10
        seconds = self.times[high] - self.times[low] if high > low else 0.0
        return web.json_response({"count": count, "per_second": (high - low) / seconds if seconds else 0.0})

    async def forget(self, _: web.Request) -> web.Response:
        """Begin again."""
        self.seen.clear()
        self.times.clear()
        return web.Response(text="ok")


def site() -> web.Application:
    """The application."""
    arrivals = Arrivals()
    app = web.Application()
    app.add_routes(
        [web.post("/", arrivals.take), web.get("/arrivals", arrivals.tell), web.delete("/", arrivals.forget)]
    )
    return app


if __name__ == "__main__":
    uvloop.install()
    web.run_app(site(), host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
