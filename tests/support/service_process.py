"""A service as a process of its own: started with its settings, watched through its log and health, killed at the end.

Called by integration tests that want what only a process shows: readiness, signals, exit codes, kills, log lines.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from tests.support.eventually import eventually

START_SECONDS = 30.0


class ServiceProcess:
    """A running service. What it writes goes to a file, so that it never waits for its reader."""

    def __init__(self, process: asyncio.subprocess.Process, output: Path) -> None:
        self._process = process
        self._output = output

    def lines(self) -> list[dict[str, Any]]:
        """The complete lines of its log so far."""
        text = self._output.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n") and line[0] == "{"]

    def lines_of(self, event: str) -> list[dict[str, Any]]:
        """Those that tell of one kind of event."""
        return [line for line in self.lines() if line["event"] == event]

    async def ready(self) -> int:
        """Wait until it is ready; the port of its health and metrics."""

        async def is_ready() -> int:
            started = self.lines_of("health_serving")
            assert started, self._output.read_text(encoding="utf-8")
            port = int(started[0]["port"])
            status, text = await _get(port, "/health/ready")
            assert status == 200, text
            return port

        return await eventually(is_ready, within=START_SECONDS)

    async def health(self, port: int) -> Any:  # noqa: ANN401 - a JSON document
        """What it says of its components."""
        return json.loads((await _get(port, "/health/ready"))[1])

    async def metrics(self, port: int) -> str:
        """What it counts."""
        return (await _get(port, "/metrics"))[1]

    async def end(self) -> int:
        """Tell it to end; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return await self._process.wait()

    async def kill(self) -> None:
        """End it as a crash does."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def exit_code(self) -> int:
        """Wait for it to end by itself."""
        return await self._process.wait()


@asynccontextmanager
async def service_process(
    module: str, environment: Mapping[str, str], *arguments: str
) -> AsyncIterator[ServiceProcess]:
    """`python -m <module>` with these settings and no others, while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="ensue-service-") as folder:
        output = Path(folder) / "log"
        with output.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *arguments,
                env={"PATH": os.environ["PATH"], "ENSUE_INSTANCE": f"{module}-test", **environment},
                stdout=file, stderr=file,
            )  # fmt: skip
        running = ServiceProcess(process, output)
        try:
            yield running
        finally:
            await running.kill()


async def _get(port: int, path: str) -> tuple[int, str]:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, await answer.text()
    except aiohttp.ClientError as error:
        raise AssertionError(f"no answer on port {port}: {error}") from error
