"""Every service describes all of its settings."""

from __future__ import annotations

from importlib import import_module

import pytest

from ensue.runtime.settings import ServiceSettings, describe

SERVICES = ("trigger_api", "evaluator", "dispatcher", "audit")


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
