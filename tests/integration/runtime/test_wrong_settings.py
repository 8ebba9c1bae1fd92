"""Every service, as a process, refuses to start on a wrong setting, naming it."""

from __future__ import annotations

import asyncio
import sys

import pytest

SERVICES = ("trigger_api", "evaluator", "dispatcher", "audit")
RIGHT = {
    "ENSUE_KAFKA_BOOTSTRAP": "127.0.0.1:1",
    "ENSUE_DATABASE_URL": "postgres://nobody:hush@127.0.0.1:1/nothing",
    "ENSUE_WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
}


async def refusal(service: str, wrong: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", service),
        env={**RIGHT, **wrong},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2, (out, err)
    assert out == b""
    return err.decode()


@pytest.mark.requirement("R18.5")
@pytest.mark.parametrize("service", SERVICES)
async def test_a_wrong_value_is_named_and_nothing_starts(service: str) -> None:
    said = await refusal(service, {"ENSUE_METRICS_PORT": "ninety", "ENSUE_DATABASE_URL": "mysql://nobody:hush@db/x"})
    assert "ENSUE_METRICS_PORT: 'ninety' is wrong; right is: a whole number, 0 to 65535" in said
    assert "ENSUE_DATABASE_URL: its value (not shown) is wrong" in said
    assert "hush" not in said
    assert "Traceback" not in said
