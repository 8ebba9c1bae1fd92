"""What the supervisor can run: a server or a service as a process, and how to ask it whether it is ready.

Made by `kafka_server`, `postgres_server`, `services` and `containers`; run by `child`.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ensue.core.errors import EnsueError
from ensue_devstack.os_user import OsUser

Probe = Callable[[], Awaitable[None]]
Prepare = Callable[[], Awaitable[None]]


class NotReady(EnsueError):
    """A process runs but does not answer as it should yet; the message says why."""


class Kind(StrEnum):
    """Servers start first and stop last."""

    SERVER = "server"
    SERVICE = "service"


async def nothing() -> None:
    """No preparation is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How to run one process. It gets a session of its own: a terminal's Ctrl-C does not reach it."""

    name: str
    kind: Kind
    command: tuple[str, ...]
    log: Path
    probe: Probe  # returns when ready; raises NotReady or Unavailable with the reason
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    folder: Path = Path("/")  # where it starts
    prepare: Prepare = nothing  # awaited before every start
    user: OsUser | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 25.0
