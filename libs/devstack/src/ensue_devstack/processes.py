"""The processes of a stack as the system sees them: who they are, who belongs, and how they are ended.

A process id alone says little, for ids are used again: an identity is the id and the instant of its start. What
belongs to a stack carries its marker in the environment, or works in a folder that only the stack's server works in
(PostgreSQL overwrites its environment, and each of its children leaves the process group). Called by the supervisor
and the stack; the only importer of psutil.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from ensue_devstack.layout import MARKER, Layout

SAME_START_SECONDS = 5.0  # the instant is reckoned from the boot, which moves when the clock is set


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, which no later one can be mistaken for. `started_at`: seconds since 1970."""

    pid: int
    started_at: float

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """Of the process that has this id now."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def process(self) -> psutil.Process | None:
        """The process, if it still runs (one that has ended and waits to be noticed does not)."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_at) < SAME_START_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    def signal(self, number: int) -> bool:
        """Send a signal; false if the process is gone."""
        process = self.process()
        if process is None:
            return False
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            return False
        return True

    def wait(self, seconds: float) -> bool:
        """Wait at most so long for its end; whether it has ended."""
        process = self.process()
        if process is None:
            return True
        _, alive = psutil.wait_procs([process], timeout=seconds)
        return not alive


def members(layout: Layout) -> list[psutil.Process]:
    """Every running process of the stack. Not the caller, nor its ancestors."""
    own = line_of(psutil.Process())
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in own and (_is_marked(process, layout) or _works_in(process, layout.postgres_data))
    ]


def line_of(process: psutil.Process) -> set[int]:
    """The ids of a process and of its ancestors, up to one that has just ended: a supervisor's starter does at once."""
    ids = {process.pid}
    with suppress(psutil.Error):
        while (parent := process.parent()) is not None:
            ids.add(parent.pid)
            process = parent
    return ids


def working_in(folder: Path) -> list[psutil.Process]:
    """Every running process whose working folder this is."""
    return [process for process in psutil.process_iter() if _works_in(process, folder)]


def end(processes: Sequence[psutil.Process], seconds: float) -> None:
    """Ask them to end, and after `seconds` end those that have not."""
    _terminate(processes)
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    kill(alive)


def kill(processes: Sequence[psutil.Process]) -> None:
    """End them at once, and wait until they are gone."""
    for process in processes:
        try:
            process.kill()
        except psutil.Error:
            continue  # gone already
    psutil.wait_procs(processes, timeout=10)


def _terminate(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        try:
            process.terminate()
        except psutil.Error:
            continue  # gone already


def _is_marked(process: psutil.Process, layout: Layout) -> bool:
    try:
        return process.environ().get(MARKER) == str(layout.home)
    except (psutil.Error, OSError):
        return False


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False
