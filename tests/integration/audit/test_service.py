"""The audit as a process: prepares its schema, becomes ready, appends, says so, and ends cleanly when told to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import asyncpg
import pytest
from tests.integration.audit.world import AuditWorld, approved, fired, midday
from tests.support.eventually import eventually

from ensue.wire.cloudevents import encode_event
from ensue.wire.records import encode_firing
from ensue.wire.topics import Topic
from ensue_devstack.servers import Servers


@pytest.mark.requirement("R16.4")
async def test_it_runs_from_start_to_stop(world: AuditWorld) -> None:
    firing = fired(approved())
    async with process("audit", _environment(world)) as running:
        port = await _port(running)
        await eventually(lambda: _is_ready(port), within=20)
        await world.publish(encode_event(approved(), Topic.EVENTS), encode_firing(firing))
        await eventually(lambda: _has_rows(world))
        metrics = await _get(port, "/metrics")
        assert 'ensue_audit_rows_total{kind="firing"} 1.0' in metrics
        running.send_signal(signal.SIGTERM)
        out, _ = await running.communicate()
        assert running.returncode == 0
    lines = [json.loads(line) for line in out.decode().splitlines()]
    [line] = [line for line in lines if line["event"] == "firing_recorded"]
    assert (line["firing_id"], line["trigger_id"], line["correlation_id"], line["tenant"]) == (
        str(firing.firing_id),
        str(firing.trigger_id),
        str(firing.lineage.correlation_id),
        "studio",
    )


async def test_the_partitions_of_the_coming_days_are_made_ahead(world: AuditWorld) -> None:
    environment = {**_environment(world), "ENSUE_AUDIT_DAYS_AHEAD": "3"}
    async with process("audit", environment):

        async def made() -> None:
            for day in range(4):
                table = f"audit.event_{midday(day):%Y%m%d}"
                assert await world.admin.fetchval("SELECT to_regclass($1)", table)

        await eventually(made, within=20)


async def test_a_database_that_knows_nothing_is_prepared_and_prepared_again(servers: Servers) -> None:
    name = f"ensue_test_audit_{os.getpid()}"
    admin = await asyncpg.connect(servers.database_url)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        environment = {"ENSUE_ADMIN_DATABASE_URL": servers.database_url.rpartition("/")[0] + f"/{name}"}
        for _ in range(2):
            async with process("audit", environment, "migrate") as running:
                assert await running.wait() == 0
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()


async def test_an_unknown_argument_is_refused(servers: Servers) -> None:
    async with process("audit", {}, "mirgate") as running:
        assert await running.wait() == 2


@asynccontextmanager
async def process(
    module: str, environment: Mapping[str, str], *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A service of its own process while the block lasts."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments,
        env={"PATH": os.environ["PATH"], "ENSUE_INSTANCE": f"{module}-test", **environment},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()


def _environment(world: AuditWorld) -> dict[str, str]:
    return {
        "ENSUE_KAFKA_BOOTSTRAP": world.servers.kafka_bootstrap,
        "ENSUE_TOPIC_PREFIX": world.prefix,
        "ENSUE_DATABASE_URL": world.database.url("ensue_audit"),
    }


async def _port(running: asyncio.subprocess.Process) -> int:
    assert running.stdout is not None
    async for line in running.stdout:
        said = json.loads(line)
        if said["event"] == "health_serving":
            return int(said["port"])
    raise AssertionError("it never served its health")


async def _is_ready(port: int) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/health/ready") as answer:
        assert answer.status == 200, await answer.text()


async def _get(port: int, path: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return await answer.text()


async def _has_rows(world: AuditWorld) -> None:
    assert (await world.rows("event"), await world.rows("firing")) == (1, 1)
