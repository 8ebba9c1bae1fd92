"""The process as its supervisor sees it: migrate, make a key, start, get ready, answer, stop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
from tests.integration.trigger_api.world import trigger
from tests.support.eventually import eventually

from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.servers import Servers

COMMAND = (sys.executable, "-m", "trigger_api")


def environment(**settings: object) -> dict[str, str]:
    """This process's, with no settings of Ensue but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENSUE_")}
    return {**kept, **{f"ENSUE_{name}": str(value) for name, value in settings.items()}}


async def run(*arguments: str, **settings: object) -> tuple[int | None, str, str]:
    """A command's exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, env=environment(**settings), stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@asynccontextmanager
async def running(**settings: object) -> AsyncIterator[Process]:
    """The service, until it is stopped."""
    process = await asyncio.create_subprocess_exec(*COMMAND, env=environment(**settings), stdout=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_it_starts_answers_and_stops_cleanly(
    servers: Servers, database: ScratchDatabase, topic_prefix: str
) -> None:
    url = database.url("ensue_trigger_api")
    code, out, _ = await run("create-key", "--tenant", "acme", "--admin", "--json", DATABASE_URL=url)
    assert code == 0
    key = json.loads(out)["api_key"]
    port, metrics_port = free_port(), free_port()
    kafka = {"KAFKA_BOOTSTRAP": servers.kafka_bootstrap, "TOPIC_PREFIX": topic_prefix}
    async with (
        running(DATABASE_URL=url, API_PORT=port, METRICS_PORT=metrics_port, **kafka) as process,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session,
    ):
        await eventually(partial(assert_ready, session, metrics_port), within=30.0)
        async with session.post(f"http://127.0.0.1:{port}/api/v1/triggers", json=trigger()) as answer:
            assert answer.status == 201
        async with session.get(f"http://127.0.0.1:{metrics_port}/metrics") as answer:
            metrics = await answer.text()
        assert 'ensue_http_requests_total{method="POST",route="/api/v1/triggers",status="201"} 1.0' in metrics
        process.send_signal(signal.SIGTERM)
        logged, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert [json.loads(line)["event"] for line in logged.splitlines()][-1] == "service_stopped"
    assert key.rpartition("_")[2].encode() not in logged


async def assert_ready(session: aiohttp.ClientSession, port: int) -> None:
    """Health says that it is ready, and of what."""
    try:
        async with session.get(f"http://127.0.0.1:{port}/health/ready") as answer:
            health = await answer.json()
    except aiohttp.ClientConnectionError as error:
        raise AssertionError from error
    assert health["status"] == "ready"
    assert health["components"].keys() == {"database", "kafka", "relay"}


async def test_it_does_not_start_with_wrong_settings() -> None:
    code, _, err = await run(DATABASE_URL="mysql://x", KAFKA_BOOTSTRAP="localhost:9092")
    assert code == 2
    assert "ENSUE_DATABASE_URL" in err


async def test_migrating_twice_is_harmless(database: ScratchDatabase) -> None:
    code, out, err = await run("migrate", ADMIN_DATABASE_URL=database.admin_url)
    assert (code, "0 migrations applied" in out) == (0, True), err


async def test_keys_are_made_and_revoked_on_the_command_line(database: ScratchDatabase) -> None:
    url = database.url("ensue_trigger_api")
    code, out, _ = await run("create-key", "--tenant", "acme", DATABASE_URL=url)
    assert code == 0
    key_id = out.strip().split("_")[1]
    assert (await run("revoke-key", key_id, "--tenant", "globex", DATABASE_URL=url))[0] == 1
    assert (await run("revoke-key", key_id, "--tenant", "acme", DATABASE_URL=url))[0] == 0
    assert (await run("revoke-key", key_id, "--tenant", "acme", DATABASE_URL=url))[0] == 1
    assert (await run("create-key", "--tenant", "Not A Tenant", DATABASE_URL=url))[0] == 2
    away = "postgres://ensue_trigger_api@127.0.0.1:1/nowhere"
    assert (await run("create-key", "--tenant", "acme", DATABASE_URL=away))[0] == 3
