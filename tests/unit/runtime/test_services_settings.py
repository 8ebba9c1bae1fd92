"""Every service refuses to start on a wrong setting, naming it, and describes all of its settings."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module

import pytest

from ensue.runtime.settings import ServiceSettings, describe

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


def lists_of(service: str) -> list[type[ServiceSettings]]:
    module = import_module(f"{service}.settings")
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value is not ServiceSettings
    ]


@pytest.mark.requirement("R18.5")
@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_says_what_it_is_for(service: str) -> None:
    [settings] = lists_of(service)
    assert settings.service.replace("-", "_") == service
    for row in describe(settings):
        assert row.meaning.endswith("."), row
        assert row.type, row
