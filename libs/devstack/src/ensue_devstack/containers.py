"""The servers in containers, for `ENSUE_DEVSTACK=docker`. Called by the plan of a stack.

Each container is owned by a small process (`ensue_devstack.container`), so that the supervisor treats it like any
other program: starts it, asks it in its own protocol, starts it again when it ends. The data lie in named volumes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from ensue.core.errors import Unavailable
from ensue_devstack.layout import Layout, Secrets
from ensue_devstack.ports import ADDRESS
from ensue_devstack.probes import kafka_answers, postgres_answers
from ensue_devstack.program import Kind, Probe, Program

OWNER = "ensue_devstack.container"
MARK = "containers"  # a file in `.ensue/`: this stack has volumes
WITHOUT_EXTRA = (
    "ENSUE_DEVSTACK=docker needs the package testcontainers: install ensue-devstack[docker]\n"
    "  (in the checkout: uv sync --package ensue-devstack --extra docker), or leave ENSUE_DEVSTACK unset."
)


@dataclass(frozen=True, slots=True)
class KafkaContainer:
    """Apache Kafka's own image."""

    layout: Layout
    port: int

    @property
    def bootstrap(self) -> str:
        return f"{ADDRESS}:{self.port}"

    def program(self, environment: Mapping[str, str]) -> Program:
        """Its owner. Raises Unavailable where the extra or Docker is missing."""
        return _owner("kafka", self.layout, self.port, kafka_answers(self.bootstrap), environment)


@dataclass(frozen=True, slots=True)
class PostgresContainer:
    """PostgreSQL's official image."""

    layout: Layout
    secrets: Secrets
    port: int

    @property
    def url(self) -> str:
        return f"postgres://postgres:{self.secrets.postgres_password}@{ADDRESS}:{self.port}/postgres"

    def program(self, environment: Mapping[str, str]) -> Program:
        """Its owner. Raises Unavailable where the extra or Docker is missing."""
        with_password = {**environment, "ENSUE_POSTGRES_PASSWORD": self.secrets.postgres_password}
        return _owner("postgres", self.layout, self.port, postgres_answers(self.url), with_password)


def remove_volumes(layout: Layout) -> None:
    """Delete the data of containers, if this stack ever had any. Raises Unavailable if Docker cannot be asked."""
    if (layout.home / MARK).exists():
        _ask_owner("forget", layout.identity)
        (layout.home / MARK).unlink()


def _owner(name: str, layout: Layout, port: int, probe: Probe, environment: Mapping[str, str]) -> Program:
    if find_spec("testcontainers") is None:
        raise Unavailable(WITHOUT_EXTRA)
    _ask_owner("check", layout.identity)
    (layout.home / MARK).touch()
    return Program(
        name=name,
        kind=Kind.SERVER,
        command=(sys.executable, "-m", OWNER, name, layout.identity, str(port)),
        environment=environment,
        log=layout.log(name),
        probe=probe,
        port=port,
        stop_seconds=40.0,
    )


def _ask_owner(request: str, identity: str) -> None:
    asked = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", OWNER, request, identity], capture_output=True, text=True, check=False
    )
    if asked.returncode != 0:
        raise Unavailable(f"Docker cannot be used: {asked.stderr.strip() or asked.stdout.strip()}")
