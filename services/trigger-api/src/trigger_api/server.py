"""The HTTP server (uvicorn with httptools) as one task of our own lifecycle, which alone listens to signals."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from ensue.runtime.logs import get_logger
from trigger_api.connections import BoundedConnection

BACKLOG: Final = 2048
log = get_logger(__name__)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to `ensue.runtime.lifecycle`."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. OSError when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
        bound.setblocking(False)  # noqa: FBT003 - the name of the call says it
    except OSError:
        bound.close()
        raise
    return bound


async def serve(app: ASGIApp, listener: socket.socket, stopping: asyncio.Event, remaining: Callable[[], float]) -> None:
    """Serve until `stopping`, then let requests in hand end within the time that remains."""
    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]), name="http")
    stop = asyncio.create_task(stopping.wait())
    log.info("api_serving", address=listener.getsockname()[:2])
    try:
        await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        config.timeout_graceful_shutdown = max(1, int(remaining()) - 1)
        server.should_exit = True
        await serving
    finally:
        stop.cancel()
