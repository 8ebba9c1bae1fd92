"""Start, stop and failure of a real service process: signals, one deadline, exit codes, one line a failure."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

Line = Mapping[str, Any]
SERVICE = Path(__file__).with_name("sample_service.py")
ENVIRONMENT = {
    "ENSUE_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "ENSUE_DATABASE_URL": "postgres://sample:hush@127.0.0.1/sample",
    "ENSUE_INSTANCE": "sample-1",
}


class Running:
    """A started sample: its lines so far, its process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[Line] = []

    async def until(self, event: str) -> Line:
        """Read lines until one is of this event."""
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            self.lines.append(json.loads(raw))
            if self.lines[-1]["event"] == event:
                return self.lines[-1]
        raise AssertionError(f"ended without {event}: {self.lines}")

    async def ended(self) -> int:
        """Read the rest; the exit code."""
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            self.lines.append(json.loads(raw))
        return await self.process.wait()

    def all(self, event: str) -> list[Line]:
        """The lines of one event."""
        return [line for line in self.lines if line["event"] == event]


@asynccontextmanager
async def sample(how: str, **settings: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SERVICE), how),
        env={**ENVIRONMENT, **{f"ENSUE_{name.upper()}": value for name, value in settings.items()}},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_signal_drains_and_ends_with_0(number: signal.Signals) -> None:
    async with sample("well", drain_seconds="7") as service:
        await service.until("ready")
        service.process.send_signal(number)
        assert await service.ended() == 0
    assert service.all("service_stopping")[0]["why"] == number.name
    assert 6 < service.all("draining")[0]["remaining"] <= 7
    assert [line["what"] for line in service.all("closed")] == ["last", "first"]
    assert service.lines[-1]["event"] == "service_stopped"


async def test_every_line_is_json_of_one_form_the_libraries_included() -> None:
    async with sample("well") as service:
        await service.until("ready")
        service.process.terminate()
        await service.ended()
    for line in service.lines:
        assert list(line)[:5] == ["at", "level", "event", "service", "instance"]
        assert (line["service"], line["instance"]) == ("sample", "sample-1")
    assert service.all("a library says hello")[0]["level"] == "warning"


async def test_a_main_that_returns_ends_the_service_with_0() -> None:
    async with sample("returns") as service:
        assert await service.ended() == 0


async def test_a_failure_at_start_is_one_line_and_exit_1() -> None:
    async with sample("start-fails") as service:
        assert await service.ended() == 1
    [line] = service.all("service_failed")
    assert (line["task"], line["error"]) == ("main", "could not start")
    assert "Traceback" in line["exception"]
    assert [closed["what"] for closed in service.all("closed")] == ["last", "first"]


async def test_a_failing_background_task_ends_the_service_and_only_the_cause_is_logged() -> None:
    async with sample("fail") as service:
        assert await service.ended() == 1
    [line] = service.all("service_failed")
    assert (line["task"], line["error"]) == ("worker", "the worker broke")


async def test_work_that_does_not_end_is_cancelled_at_the_deadline_and_named() -> None:
    async with sample("endless", drain_seconds="0.3") as service:
        await service.until("ready")
        service.process.terminate()
        assert await service.ended() == 1
    [line] = service.all("service_failed")
    assert line["task"] == "endless"
    assert service.lines[-1]["event"] == "service_stopped"


@pytest.mark.parametrize("how", ["stubborn", "blocked"])
async def test_a_process_that_cannot_stop_is_ended_by_force(how: str) -> None:
    async with sample(how, drain_seconds="0.2") as service:
        await service.until("ready")
        service.process.terminate()
        assert await asyncio.wait_for(service.ended(), 10) == 1
    assert service.all("service_ended_by_force")


@pytest.mark.parametrize("how", ["endless", "blocked"])
async def test_a_second_signal_ends_at_once(how: str) -> None:
    async with sample(how, drain_seconds="60") as service:
        await service.until("ready")
        service.process.terminate()
        await service.until("service_stopping")
        service.process.terminate()
        assert await asyncio.wait_for(service.ended(), 5) == 128 + signal.SIGTERM


async def test_the_port_of_health_is_logged_when_a_free_one_was_taken() -> None:
    async with sample("well", metrics_port="0") as service:
        port = (await service.until("health_serving"))["port"]
        await service.until("ready")
        assert await get(f"http://127.0.0.1:{port}/health/ready") == 200
        assert await get(f"http://127.0.0.1:{port}/metrics") == 200


async def get(url: str) -> int:
    def ask() -> int:
        with urlopen(url) as answer:  # noqa: S310 - our own address
            status: int = answer.status
            return status

    return await asyncio.to_thread(ask)
