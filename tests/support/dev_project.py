"""A folder in which `ensue dev` is typed, for tests of the development stack: its commands, processes and state."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ensue_devstack.layout import MARKER, Layout
from ensue_devstack.stack import Stack, Status
from ensue_devstack.state import ProcessState

SECONDS = 200
OWN_VARIABLES = ("KAFKA_BOOTSTRAP", "DATABASE_URL", "ENSUE_")


@dataclass(frozen=True)
class Project:
    """A folder in which `ensue dev` is typed."""

    root: Path

    @property
    def layout(self) -> Layout:
        return Layout.of(self.root)

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Type a command and go on."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
        return subprocess.Popen(
            [sys.executable, "-m", "ensue.cli", "dev", *arguments],
            cwd=self.root,
            env={**inherited, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Type a command and wait for its end."""
        with self.start(*arguments, **more) as running:
            stdout, stderr = running.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(arguments, running.returncode, stdout, stderr)

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """What a command says to programs."""
        done = self.run(*arguments, "--json")
        assert done.returncode == code, done.stderr + done.stdout
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def status(self) -> Status:
        """What `status` would say, sooner."""
        return Stack.of(self.root).status()

    def process(self, name: str) -> ProcessState:
        """One process of the stack."""
        state = self.status().state
        assert state is not None
        found = state.process(name)
        assert found is not None
        return found

    def kill(self, name: str) -> int:
        """`kill -9`; the id of the process that is no more."""
        pid = self.process(name).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    def left_processes(self) -> list[psutil.Process]:
        """Every process of the machine that carries the stack's marker, or works in its folder."""
        return [one for one in psutil.process_iter() if self._is_mine(one)]

    def _is_mine(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            marked = process.environ().get(MARKER) == str(self.layout.home)
            return marked or str(self.layout.home) in " ".join(process.cmdline())
        except psutil.Error:
            return False
