"""One stack for several processes: it comes up with the first of them and goes down with the last.

So all workers of a test run share their servers, and so do two runs at once. A user that was killed holds nothing: its
lease names a process that is no more. Called by the pytest plugin.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ensue_devstack.locks import alone
from ensue_devstack.processes import Identity
from ensue_devstack.stack import Stack

Used = TypeVar("Used")
FOLDER = "users"


@contextmanager
def leased(stack: Stack, first: Callable[[Stack], Used], again: Callable[[Stack], Used]) -> Iterator[Used]:
    """What `first` gives (it brings the stack up), or to later users `again`; the last one takes it down.

    Both are called with nobody else beside them.
    """
    users = stack.layout.home / FOLDER
    users.mkdir(parents=True, exist_ok=True)
    lease = users / _name(Identity.of(os.getpid()))
    with alone(users.with_suffix(".lock")):
        begins = not _living(users) or not stack.status().running
        used = first(stack) if begins else again(stack)
        lease.touch()
    try:
        yield used
    finally:
        with alone(users.with_suffix(".lock")):
            lease.unlink(missing_ok=True)
            if not _living(users):
                stack.take_down()


def _living(users: Path) -> list[Path]:
    """The leases of processes that still run; the others are torn up."""
    living = []
    for lease in users.iterdir():
        identity = _identity(lease.name)
        if identity is not None and identity.process() is not None:
            living.append(lease)
        else:
            lease.unlink(missing_ok=True)
    return living


def _name(identity: Identity | None) -> str:
    return f"{identity.pid} {identity.started_at}" if identity else ""


def _identity(name: str) -> Identity | None:
    pid, _, started_at = name.partition(" ")
    try:
        return Identity(int(pid), float(started_at))
    except ValueError:
        return None
