"""Health over HTTP: alive while the loop runs, ready only when every required component is, with the reason why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from ensue.core.errors import Unavailable
from ensue.runtime.health import Health, serve
from ensue.runtime.metrics import EVENTS_EVALUATED, Metrics


class Component:
    """A component that is well until it is told otherwise."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.silent = False

    async def check(self) -> None:
        if self.silent:
            await asyncio.Event().wait()
        if self.trouble is not None:
            raise self.trouble


class Site:
    """A served health site and a client of it."""

    def __init__(self, port: int, client: aiohttp.ClientSession, health: Health, metrics: Metrics) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.client = client
        self.health = health
        self.metrics = metrics

    async def ready(self) -> tuple[int, dict[str, Any]]:
        async with self.client.get(f"{self.url}/health/ready") as answer:
            return answer.status, await answer.json()


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    health, metrics = Health(check_timeout=0.05), Metrics()
    server = await serve(health, metrics, "127.0.0.1", 0)
    async with aiohttp.ClientSession() as client:
        yield Site(server.port, client, health, metrics)
    await server.close()


async def test_not_ready_before_it_has_started_nor_while_it_stops(site: Site) -> None:
    assert await site.ready() == (503, {"status": "starting", "components": {}})
    site.health.set_ready()
    assert await site.ready() == (200, {"status": "ready", "components": {}})
    site.health.set_stopping()
    assert await site.ready() == (503, {"status": "stopping", "components": {}})


async def test_a_component_that_is_away_is_named_with_its_reason(site: Site) -> None:
    database, kafka = Component(), Component()
    site.health.register("database", database.check)
    site.health.register("kafka", kafka.check)
    site.health.set_ready()
    database.trouble = Unavailable("PostgreSQL does not answer")
    status, body = await site.ready()
    assert (status, body["status"]) == (503, "not_ready")
    assert body["components"]["database"] == {
        "ready": False,
        "required": True,
        "reason": "PostgreSQL does not answer",
    }
    assert body["components"]["kafka"]["ready"] is True
    database.trouble = None
    assert (await site.ready())[0] == 200


async def test_an_optional_component_degrades(site: Site) -> None:
    engine = Component()
    site.health.register("temporal", engine.check, required=False)
    site.health.set_ready()
    engine.trouble = ConnectionRefusedError("nobody listens")
    status, body = await site.ready()
    assert (status, body["status"]) == (200, "degraded")
    assert body["components"]["temporal"]["reason"] == "ConnectionRefusedError: nobody listens"


async def test_silence_is_not_waited_for_and_harms_no_other_check(site: Site) -> None:
    silent, well = Component(), Component()
    silent.silent = True
    site.health.register("silent", silent.check)
    site.health.register("well", well.check)
    site.health.set_ready()
    status, body = await site.ready()
    assert status == 503
    assert body["components"]["silent"]["reason"] == "no answer within 0.05 s"
    assert body["components"]["well"]["ready"] is True


async def test_it_stays_alive_while_it_is_not_ready(site: Site) -> None:
    async with site.client.get(f"{site.url}/health/live") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "live"})


async def test_metrics_are_served_in_the_text_format(site: Site) -> None:
    site.metrics.inc(EVENTS_EVALUATED, 2, topic="ensue.events")
    async with site.client.get(f"{site.url}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        assert 'ensue_events_evaluated_total{topic="ensue.events"} 2.0' in await answer.text()


async def test_a_taken_port_is_an_error_that_leaves_nothing_behind(site: Site) -> None:
    taken = int(site.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        await serve(Health(), Metrics(), "127.0.0.1", taken)


def test_a_component_cannot_be_registered_twice() -> None:
    health = Health()
    health.register("database", Component().check)
    with pytest.raises(ValueError, match="registered twice"):
        health.register("database", Component().check)
