"""A whole stack as a value: bring it up, ask how it is, bring it down. Called by `ensue dev`, `ensue demo` and tests.

Two that bring up the same stack at once get one: the second waits for the first and uses what it started.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ensue.core.errors import Unavailable
from ensue_devstack.containers import remove_volumes
from ensue_devstack.dev_info import DevInfo
from ensue_devstack.kafka_jars import jars_folder
from ensue_devstack.layout import Layout
from ensue_devstack.plan import is_docker
from ensue_devstack.postgres_server import remove_data
from ensue_devstack.processes import Identity
from ensue_devstack.progress import Progress, Report, silent
from ensue_devstack.servers import Overrides
from ensue_devstack.starting import spawn, starting_alone, supervisor_pid, wait_until_ready
from ensue_devstack.state import Extent, Phase, StackState, read_state, want
from ensue_devstack.supervisor import end_leftovers

STOP_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Status:
    """How a stack is now. `state`: what its supervisor said last; `running`: whether that supervisor lives."""

    running: bool
    state: StackState | None

    @property
    def is_ready(self) -> bool:
        """Whether all that is wanted is ready at this moment."""
        return self.running and self.state is not None and self.state.is_ready


@dataclass(frozen=True, slots=True)
class Raised:
    """A stack that is up. `started`: by this call, not by an earlier one. `leash`: the stack lives while it is open."""

    info: DevInfo
    started: bool
    leash: IO[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack of one folder, whether or not it runs."""

    layout: Layout

    @classmethod
    def of(cls, root: Path) -> Stack:
        """The stack of the project in `root`."""
        return cls(Layout.of(root))

    @classmethod
    def up(cls, root: Path, services: bool = True, progress: Report = silent) -> DevInfo:  # noqa: FBT001, FBT002 - reads well where it is called
        """Bring up the stack of `root`, detached, or use the one that runs; return when all of it is ready."""
        extent = Extent.SERVICES if services else Extent.PREPARED
        return cls.of(root).raise_up(extent, progress).info

    @classmethod
    def down(cls, root: Path, progress: Report = silent) -> None:
        """End the stack of `root` and everything that it started; nothing if it does not run."""
        cls.of(root).take_down(progress)

    def raise_up(
        self,
        extent: Extent,
        report: Report = silent,
        *,
        environment: Mapping[str, str] | None = None,
        attached: bool = False,
    ) -> Raised:
        """Bring it up to this extent, or use the one that runs; return when all of it is ready.

        environment: in place of this process's. attached: the stack ends when the caller does. Raises Unavailable,
        InvalidValue or StackFailed; what this call started is then taken down again.
        """
        variables = dict(os.environ if environment is None else environment)
        self.layout.make()
        if not Overrides.of(variables).kafka_bootstrap and not is_docker(variables):
            jars_folder(variables, report)  # here, where somebody sees the progress
        with starting_alone(self.layout, report):
            if self._is_to_be_used(extent, report):
                return Raised(wait_until_ready(self.layout, extent, report), started=False)
            want(self.layout, extent)
            leash = spawn(self.layout, variables, attached=attached)
            try:
                info = wait_until_ready(self.layout, extent, report)
            except BaseException:
                self.take_down(report)
                raise
        return Raised(info, started=True, leash=leash)

    def status(self) -> Status:
        """How it is now."""
        return Status(supervisor_pid(self.layout) is not None, read_state(self.layout))

    def take_down(self, report: Report = silent) -> None:
        """End everything that belongs to it, also what a killed supervisor left."""
        if not self.layout.home.is_dir():
            return
        self._end_supervisor(report)
        end_leftovers(self.layout)
        self.layout.dev_info.unlink(missing_ok=True)

    def reset(self, report: Report = silent) -> None:
        """Take it down and delete its data, secrets and logs. The ports stay what they are."""
        self.take_down(report)
        report(Progress("deleting the data"))
        remove_data(self.layout)
        remove_volumes(self.layout)
        for folder in (self.layout.kafka, self.layout.logs):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.layout.secrets, self.layout.state, self.layout.wanted):
            file.unlink(missing_ok=True)

    def _is_to_be_used(self, extent: Extent, report: Report) -> bool:
        """Whether a stack runs that can serve; one that is ending is waited for, one that is too small is extended."""
        running, state = supervisor_pid(self.layout), read_state(self.layout)
        if running is None or state is None:
            return False
        if state.phase not in (Phase.STARTING, Phase.READY):
            report(Progress("waiting for the former stack to end"))
            self._end_supervisor(report)
            return False
        if not state.extent.contains(extent):
            want(self.layout, extent)
            os.kill(running, signal.SIGHUP)
        return True

    def _end_supervisor(self, report: Report) -> None:
        pid = supervisor_pid(self.layout)
        supervisor = Identity.of(pid) if pid is not None else None
        if supervisor is None:
            return
        report(Progress("stopping"))
        supervisor.signal(signal.SIGTERM)
        if not supervisor.wait(STOP_SECONDS):
            supervisor.signal(signal.SIGKILL)  # what it leaves is ended as leftovers
            if not supervisor.wait(STOP_SECONDS):
                raise Unavailable(f"the supervisor (process {supervisor.pid}) does not end")
