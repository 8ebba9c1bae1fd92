"""A small service that behaves well or badly, as its argument says. Started as a process by `test_lifecycle`."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from typing import ClassVar

from ensue.runtime.health import Health, serve
from ensue.runtime.lifecycle import Lifecycle, run_service
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import Metrics
from ensue.runtime.settings import ServiceSettings, load_settings

log = get_logger(__name__)


class SampleSettings(ServiceSettings):
    """What the sample is told."""

    service: ClassVar[str] = "sample"


async def closes(name: str) -> None:
    log.info("closed", what=name)


async def drains(lifecycle: Lifecycle) -> None:
    await lifecycle.stopping.wait()
    log.info("draining", remaining=lifecycle.remaining())


async def fails(said: str) -> None:
    raise RuntimeError(said)


async def fails_when_stopping(lifecycle: Lifecycle) -> None:
    await lifecycle.stopping.wait()
    raise RuntimeError("could not let go")


async def never_ends() -> None:
    await asyncio.Event().wait()


async def is_stubborn() -> None:
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def blocks_the_loop(lifecycle: Lifecycle) -> None:
    await lifecycle.stopping.wait()
    while True:
        pass


def behave(lifecycle: Lifecycle, how: str) -> None:
    """Start the background work that the argument names."""
    match how:
        case "well":
            lifecycle.spawn("drainer", drains(lifecycle))
        case "fail":
            lifecycle.spawn("worker", fails("the worker broke"))
            lifecycle.spawn("second", fails_when_stopping(lifecycle))
        case "endless":
            lifecycle.spawn("endless", never_ends())
        case "stubborn":
            lifecycle.spawn("stubborn", is_stubborn())
        case "blocked":
            lifecycle.spawn("blocked", blocks_the_loop(lifecycle))


async def main(lifecycle: Lifecycle) -> None:
    """The composition root."""
    how = sys.argv[1]
    for name in ("first", "last"):
        lifecycle.stack.push_async_callback(closes, name)
    if how == "start-fails":
        await fails("could not start")
    health = Health()
    server = await serve(health, Metrics(), settings.http_host, settings.metrics_port)
    lifecycle.stack.push_async_callback(server.close)
    health.set_ready()
    logging.getLogger("some.library").warning("a library says %s", "hello")
    behave(lifecycle, how)
    log.info("ready", port=server.port)
    if how != "returns":
        await lifecycle.stopping.wait()


settings = load_settings(SampleSettings)
sys.exit(run_service(settings, main))
