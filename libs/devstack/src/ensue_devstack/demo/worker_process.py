"""The studio's worker as a process of the demo: started on a free port, asked until it is ready, ended with it."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from ensue.core.errors import Unavailable
from ensue_client import Connection

ADDRESS = "127.0.0.1"
READY_SECONDS = 30.0
STOP_SECONDS = 5.0
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What the worker is told. marker: that of the stack, so that whoever cleans up after a killed demo finds it."""

    program: Path
    connection: Connection
    webhook_secret: str
    files: Path
    log: Path
    marker: Mapping[str, str]


@asynccontextmanager
async def running_worker(setup: WorkerSetup) -> AsyncIterator[str]:
    """The address of a ready worker, which ends when the context does. Raises Unavailable, naming its log."""
    port = _free_port()
    url = f"http://{ADDRESS}:{port}"
    setup.log.parent.mkdir(parents=True, exist_ok=True)
    with setup.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(setup.program), env=_environment(setup, port), stdout=log, stderr=log
        )
    try:
        await _ready(process, url, setup.log)
        yield url
    finally:
        await _stop(process)


def _environment(setup: WorkerSetup, port: int) -> dict[str, str]:
    return {
        **os.environ,
        **setup.marker,
        "ENSUE_API_URL": setup.connection.api_url,
        "ENSUE_API_KEY": setup.connection.api_key,
        "STUDIO_PORT": str(port),
        "STUDIO_FILES": str(setup.files),
        "STUDIO_WEBHOOK_SECRET": setup.webhook_secret,
        "PYTHONUNBUFFERED": "1",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
    return port


async def _ready(process: asyncio.subprocess.Process, url: str, log: Path) -> None:
    try:
        async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
            while process.returncode is None:
                try:
                    async with session.get(f"{url}/health") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    await asyncio.sleep(PAUSE_SECONDS)
    except TimeoutError:
        pass
    raise Unavailable(f"the studio's worker did not start; what it said is in {log}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
