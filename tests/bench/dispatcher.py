"""Benchmark: webhook firings a second through the dispatcher beside a bare HTTP client loop to the same receiver."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from tests.bench import triggers
from tests.bench.evaluator import PATIENCE_SECONDS, receipts_of
from tests.bench.events import records
from tests.bench.scene import free_port, publish, scene, service

from ensue_devstack.servers import Servers

CONCURRENCY = 64
SECRET = "whsec_" + "c2VjcmV0" * 4


@dataclass(frozen=True, slots=True)
class DispatcherFigure:
    """Calls a second that reached the receiver."""

    firings: int
    per_second: float
    bare_per_second: float

    @property
    def ratio(self) -> float:
        """Dispatcher over bare client."""
        return self.per_second / self.bare_per_second


async def measure(servers: Servers, *, firings: int) -> DispatcherFigure:
    """`firings` webhook firings wait on the topic; the dispatcher starts and works them off."""
    async with scene(servers) as place, _receiver() as url, aiohttp.ClientSession() as session:
        bare = await _bare(session, url, firings)
        then = {"actions": [{"kind": "webhook", "url": url}]}
        await triggers.save(place, [triggers.matching(1.0, then)])
        await publish(place, records(firings))
        async with service("evaluator", place.environment("ensue_evaluator")):
            await receipts_of(place, firings)
        environment = {"ENSUE_ALLOWED_ADDRESSES": "127.0.0.0/8", "ENSUE_WEBHOOK_SECRET": SECRET}
        async with service("dispatcher", {**place.environment("ensue_dispatcher"), **environment}):
            rate = await _arrived(session, url, firings)
    return DispatcherFigure(firings, rate, bare)


@asynccontextmanager
async def _receiver() -> AsyncIterator[str]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.receiver", str(port))
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        await process.wait()


async def _bare(session: aiohttp.ClientSession, url: str, count: int) -> float:
    await _listening(session, url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.bare_client", url, str(count), str(CONCURRENCY)
    )
    await process.wait()
    rate = await _arrived(session, url, count)
    async with session.delete(url) as answer:
        answer.raise_for_status()
    return rate


async def _listening(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                async with session.get(url + "arrivals"):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


async def _arrived(session: aiohttp.ClientSession, url: str, count: int) -> float:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with session.get(url + "arrivals") as answer:
                told = await answer.json()
            if told["count"] == count:
                return float(told["per_second"])
            if told["count"] > count:
                raise AssertionError(f"{told['count']} calls for {count} firings")
            await asyncio.sleep(0.25)
