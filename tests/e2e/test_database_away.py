"""The database refuses everybody for a while: each service says so, the one that can do without it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from tests.support.eventually import eventually
from tests.support.system import System

from ensue.postgres.database import Database
from ensue_devstack.servers import Servers

NEED_IT = ("trigger_api", "dispatcher", "audit")
NOTICED_WITHIN = 30.0


async def readiness(system: System, service: str) -> tuple[int, Any]:
    origin = system.info.metrics[service].removesuffix("/metrics")
    async with aiohttp.ClientSession() as session, session.get(f"{origin}/health/ready") as answer:
        return answer.status, await answer.json()


@asynccontextmanager
async def refusing(servers: Servers, name: str) -> AsyncIterator[None]:
    """No connection to the database `name`, neither old nor new."""
    admin = await Database.open(servers.database_url, application_name="e2e", max_size=1)
    try:
        async with admin.connection() as connection:
            await connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
            await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
            try:
                yield
            finally:
                await connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    finally:
        await admin.close()


@pytest.mark.requirement("R16.3")
async def test_services_name_the_database_that_is_away_and_recover(system: System, servers: Servers) -> None:
    async def without_it() -> None:
        for service in NEED_IT:
            status, page = await readiness(system, service)
            assert (status, page["components"]["database"]["ready"]) == (503, False), (service, page)
            assert page["components"]["database"]["reason"], page
        status, page = await readiness(system, "evaluator")  # its rules come by the topic as well
        assert (status, page["status"]) == (200, "degraded"), page

    async def with_it() -> None:
        for service in (*NEED_IT, "evaluator"):
            status, page = await readiness(system, service)
            assert (status, page["status"]) == (200, "ready"), (service, page)

    await eventually(with_it, within=NOTICED_WITHIN)
    async with refusing(servers, urlsplit(system.info.database_url).path.removeprefix("/")):
        await eventually(without_it, within=NOTICED_WITHIN)
    await eventually(with_it, within=NOTICED_WITHIN)
