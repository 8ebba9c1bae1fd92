"""One real PostgreSQL: its data and how to start it, also as root and under a closed home. Called by the stack.

It listens on the loopback address alone, where everybody needs a password (random, kept in `.ensue/secrets.json`);
there is no socket, so no path can be too long and nobody is trusted.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ensue.core.errors import Unavailable
from ensue_devstack.layout import Layout, Secrets
from ensue_devstack.os_user import OsUser, can_reach, server_user
from ensue_devstack.ports import ADDRESS
from ensue_devstack.postgres_binaries import SHARED_PLACE, find_binaries, make_shared
from ensue_devstack.probes import postgres_answers
from ensue_devstack.processes import kill, working_in
from ensue_devstack.program import Kind, Program

NAME = "postgres"
ADMINISTRATOR = "postgres"
STACK = "stack"  # beside data that lie elsewhere: the folder of the stack whose they are
SETTINGS = {
    "listen_addresses": ADDRESS,
    "unix_socket_directories": "",
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """The server of one stack."""

    layout: Layout
    secrets: Secrets
    port: int

    @property
    def url(self) -> str:
        """The administrator's address."""
        return f"postgres://{ADMINISTRATOR}:{self.secrets.postgres_password}@{ADDRESS}:{self.port}/postgres"

    def program(self, environment: Mapping[str, str]) -> Program:
        """How to run it. Raises Unavailable where there are no binaries, or no user to run them."""
        user = server_user()
        binaries = find_binaries(environment, user)
        data = data_folder(self.layout, user)

        async def prepare() -> None:
            await asyncio.to_thread(kill, working_in(data))  # children that outlived a killed server
            if not data.exists():
                await asyncio.to_thread(self._make_data, binaries, data, user)

        settings = (f"--{name}={value}" for name, value in {**SETTINGS, "port": str(self.port)}.items())
        return Program(
            name=NAME,
            kind=Kind.SERVER,
            command=(str(binaries / "postgres"), "-D", str(data), *settings),
            log=self.layout.log(NAME),
            probe=postgres_answers(self.url),
            environment=environment,
            port=self.port,
            prepare=prepare,
            user=user,
            stop_signal=signal.SIGINT,  # its "fast" shutdown: clients are sent away, all is written
        )

    def _make_data(self, binaries: Path, data: Path, user: OsUser | None) -> None:
        """Made under another name, so that data which was cut off in the making is never taken for whole."""
        unfinished = data.with_name("unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=data.parent) as password:
            if user is not None:
                os.chown(password.name, user.uid, user.gid)
            password.write(self.secrets.postgres_password)
            password.flush()
            _initialize(binaries, unfinished, Path(password.name), user)
        unfinished.rename(data)


def data_folder(layout: Layout, user: OsUser | None) -> Path:
    """Where the data lie: in the stack's folder, or where `user` cannot reach that, elsewhere and linked from there."""
    place = layout.postgres
    if user is not None and not can_reach(user, layout.home):
        elsewhere = SHARED_PLACE / layout.identity
        make_shared(elsewhere)
        _remove_orphans()
        (elsewhere / STACK).write_text(str(layout.home), encoding="utf-8")
        if not place.is_symlink():
            place.symlink_to(elsewhere)
    place.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        os.chown(place, user.uid, user.gid)
    return layout.postgres_data


def _remove_orphans() -> None:
    """Delete data that lie elsewhere for stacks whose own folder is no more (a deleted checkout, a test's)."""
    for note in SHARED_PLACE.glob(f"*/{STACK}"):
        with suppress(FileNotFoundError):  # another stack that starts has just deleted it
            if not Path(note.read_text(encoding="utf-8")).exists():
                shutil.rmtree(note.parent, ignore_errors=True)


def remove_data(layout: Layout) -> None:
    """Delete the data, also where they lie elsewhere."""
    if layout.postgres.is_symlink():
        shutil.rmtree(layout.postgres.resolve(), ignore_errors=True)
        layout.postgres.unlink()
    shutil.rmtree(layout.postgres, ignore_errors=True)


def _initialize(binaries: Path, data: Path, password: Path, user: OsUser | None) -> None:
    done = subprocess.run(  # noqa: S603 - the server's own tool
        [
            binaries / "initdb",
            *("-D", data, "-U", ADMINISTRATOR, f"--pwfile={password}", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C", "--no-instructions"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )
    if done.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise Unavailable(f"PostgreSQL's data could not be made: {(done.stderr or done.stdout).strip()}")
