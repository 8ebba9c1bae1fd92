"""Our services as programs: which are installed, and the settings that each is given. Called by the plan of a stack."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from ensue.postgres.migrate import url_for_role
from ensue_devstack.layout import Layout, Secrets
from ensue_devstack.ports import ADDRESS
from ensue_devstack.probes import service_is_ready
from ensue_devstack.program import Kind, Program
from ensue_devstack.servers import Servers, role_password

API = "trigger_api"
API_PORT = "api"
NAMES = (API, "evaluator", "dispatcher", "audit")
LOOPBACK = "127.0.0.0/8"


def installed_services() -> tuple[str, ...]:
    """The services that this environment can run, by their packages' names."""
    return tuple(name for name in NAMES if find_spec(name) is not None and find_spec(f"{name}.__main__") is not None)


def port_names() -> tuple[str, ...]:
    """What needs a port: the API, and each service for its health and metrics."""
    return (API_PORT, *NAMES)


@dataclass(frozen=True, slots=True)
class ServiceSetup:
    """All that the services of one stack have in common."""

    layout: Layout
    secrets: Secrets
    servers: Servers
    ports: Mapping[str, int]
    topic_prefix: str
    environment: Mapping[str, str]

    @property
    def api_url(self) -> str:
        return f"http://{ADDRESS}:{self.ports[API_PORT]}"

    def metrics_url(self, name: str) -> str:
        return f"http://{ADDRESS}:{self.ports[name]}/metrics"

    def program(self, name: str) -> Program:
        """How to run the service."""
        return Program(
            name=name,
            kind=Kind.SERVICE,
            command=(sys.executable, "-m", name),
            environment=self.settings(name),
            log=self.layout.log(name),
            probe=service_is_ready(self.ports[name]),
            port=self.ports[API_PORT if name == API else name],
            folder=self.layout.home.parent,
        )

    def settings(self, name: str) -> dict[str, str]:
        """Its whole environment. What the caller's environment says on tuning and secrets stays as it says."""
        database = self.servers.database_url
        addresses = {
            "ENSUE_KAFKA_BOOTSTRAP": self.servers.kafka_bootstrap,
            "ENSUE_TOPIC_PREFIX": self.topic_prefix,
            "ENSUE_DATABASE_URL": url_for_role(database, f"ensue_{name}", role_password(database)),
            "ENSUE_METRICS_PORT": str(self.ports[name]),
        }
        if name == API:
            addresses |= {"ENSUE_API_HOST": ADDRESS, "ENSUE_API_PORT": str(self.ports[API_PORT])}
        defaults = {
            "ENSUE_ALLOWED_ADDRESSES": LOOPBACK,
            "ENSUE_WEBHOOK_SECRET": self.secrets.webhook_secret,
            "PYTHONUNBUFFERED": "1",
        }
        return {**defaults, **self.environment, **addresses, **self.layout.marker()}
