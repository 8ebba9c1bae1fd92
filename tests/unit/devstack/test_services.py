"""The settings that the services of a stack are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from ensue_devstack.layout import MARKER, Layout, Secrets
from ensue_devstack.servers import Servers, role_password
from ensue_devstack.services import ServiceSetup, installed_services, port_names

ADMIN = "postgres://postgres:pw@127.0.0.1:5432/ensue"


def setup(folder: Path, **environment: str) -> ServiceSetup:
    return ServiceSetup(
        layout=Layout.of(folder),
        secrets=Secrets("pw", "whsec_own"),
        servers=Servers("127.0.0.1:9092", ADMIN),
        ports={name: 20_000 + number for number, name in enumerate(port_names())},
        topic_prefix="mine.",
        environment=environment,
    )


def test_all_four_services_are_installed_here() -> None:
    assert installed_services() == ("trigger_api", "evaluator", "dispatcher", "audit")


@pytest.mark.parametrize("name", ["trigger_api", "evaluator", "dispatcher", "audit"])
def test_each_service_gets_the_servers_as_its_own_role_and_its_own_port(tmp_path: Path, name: str) -> None:
    settings = setup(tmp_path).settings(name)
    assert settings["ENSUE_KAFKA_BOOTSTRAP"] == "127.0.0.1:9092"
    assert settings["ENSUE_TOPIC_PREFIX"] == "mine."
    assert settings["ENSUE_DATABASE_URL"] == f"postgres://ensue_{name}:{role_password(ADMIN)}@127.0.0.1:5432/ensue"
    assert setup(tmp_path).metrics_url(name) == f"http://127.0.0.1:{settings['ENSUE_METRICS_PORT']}/metrics"
    assert settings[MARKER] == str(Layout.of(tmp_path).home)


def test_only_the_api_gets_the_apis_address(tmp_path: Path) -> None:
    one = setup(tmp_path)
    assert f"http://127.0.0.1:{one.settings('trigger_api')['ENSUE_API_PORT']}" == one.api_url
    assert "ENSUE_API_PORT" not in one.settings("audit")


def test_a_developers_tuning_stays_but_addresses_are_the_stacks(tmp_path: Path) -> None:
    settings = setup(
        tmp_path, ENSUE_LOG_LEVEL="debug", ENSUE_ALLOWED_ADDRESSES="10.0.0.0/8", ENSUE_DATABASE_URL="elsewhere"
    ).settings("dispatcher")
    assert settings["ENSUE_LOG_LEVEL"] == "debug"
    assert settings["ENSUE_ALLOWED_ADDRESSES"] == "10.0.0.0/8"
    assert settings["ENSUE_DATABASE_URL"] != "elsewhere"


def test_by_default_webhooks_may_reach_this_machine_and_are_signed_with_the_stacks_secret(tmp_path: Path) -> None:
    settings = setup(tmp_path).settings("dispatcher")
    assert settings["ENSUE_ALLOWED_ADDRESSES"] == "127.0.0.0/8"
    assert settings["ENSUE_WEBHOOK_SECRET"] == "whsec_own"  # noqa: S105 - of this test
