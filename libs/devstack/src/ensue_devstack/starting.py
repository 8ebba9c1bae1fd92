"""How a stack's supervisor is started, found and waited for. Called by `stack` alone."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ensue.core.errors import EnsueError, InvalidValue, Unavailable
from ensue_devstack.dev_info import DevInfo, read_info
from ensue_devstack.layout import Layout
from ensue_devstack.progress import Progress, Report
from ensue_devstack.state import Condition, Extent, Fault, Phase, ProcessState, StackState, read_state

READY_SECONDS = 240.0
LOOK_SECONDS = 0.1
GIVE_UP_AFTER_RESTARTS = 5  # of a process that is not ready
LOG_LINES_SHOWN = 15


class StackFailed(EnsueError):
    """A stack did not come up, or did not go down; the message says what failed and shows the end of its log."""


@contextmanager
def starting_alone(layout: Layout, report: Report) -> Iterator[None]:
    """One `up` at a time; the second waits until the first has done its work."""
    with layout.starting_lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(Progress("another `ensue dev up` is starting this stack; waiting for it"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def supervisor_pid(layout: Layout) -> int | None:
    """The id of the living supervisor: of whoever holds its lock."""
    try:
        with layout.supervisor_lock.open("r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _number(lock.read())
    except FileNotFoundError:
        pass
    return None


def spawn(layout: Layout, environment: Mapping[str, str], *, attached: bool) -> IO[bytes] | None:
    """Start a supervisor; when this returns, it lives in the background. What the former one said is forgotten.

    attached: it ends when the pipe that is returned is closed.
    """
    layout.state.unlink(missing_ok=True)
    command = [sys.executable, "-m", "ensue_devstack.supervisor", str(layout.home)]
    with layout.log("supervisor").open("ab") as log:
        starter = subprocess.Popen(  # noqa: S603 - our own module
            [*command, "--attached"] if attached else command,
            env={**environment, **layout.marker()},
            stdin=subprocess.PIPE if attached else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=layout.home.parent,
        )
    if starter.wait() != 0:
        raise StackFailed(f"the supervisor did not start{end_of_log(layout.log('supervisor'))}")
    return starter.stdin


def wait_until_ready(layout: Layout, extent: Extent, report: Report) -> DevInfo:
    """Until the stack, whose supervisor lives, is ready to this extent.

    Raises StackFailed, Unavailable or InvalidValue, as the supervisor says.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        ended = supervisor_pid(layout) is None
        state = read_state(layout)
        if ended:
            raise _failure(layout, state)
        if state is not None:
            info = read_info(layout) if _is_up(state, extent) else None
            if info is not None:
                return info
            _give_up_if_hopeless(state)
            report(Progress(describe(state)))
        time.sleep(LOOK_SECONDS)
    raise Unavailable(f"the stack was not ready within {READY_SECONDS:g} s; see {layout.logs}")


def describe(state: StackState) -> str:
    """`starting the services: evaluator (kafka: ...), audit`."""
    waiting = [one for one in state.processes if one.condition is not Condition.READY]
    names = ", ".join(f"{one.name} ({_first_line(one.reason)})" if one.reason else one.name for one in waiting)
    text = state.step or state.phase.value
    if state.reason and state.phase is not Phase.STOPPING:  # it is told at the end, whole
        text += f" ({_first_line(state.reason)})"
    return f"{text}: {names}" if names else text


def end_of_log(path: Path, lines: int = LOG_LINES_SHOWN) -> str:
    """The last lines of a log, indented; empty if there are none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")[-20_000:]
    except OSError:
        return ""
    return "".join(f"\n    {line}" for line in text.splitlines()[-lines:])


def _is_up(state: StackState, extent: Extent) -> bool:
    return state.phase is Phase.READY and state.extent.contains(extent)


def _give_up_if_hopeless(state: StackState) -> None:
    for one in state.processes:
        if one.restarts >= GIVE_UP_AFTER_RESTARTS and one.condition is Condition.BACKING_OFF:
            raise StackFailed(_why(one))


def _why(process: ProcessState) -> str:
    return f"{process.name} does not start: {process.reason}{end_of_log(Path(process.log))}"


def _failure(layout: Layout, state: StackState | None) -> EnsueError:
    if state is None or state.phase not in (Phase.FAILED, Phase.STOPPED):
        return StackFailed(f"the supervisor ended unexpectedly{end_of_log(layout.log('supervisor'))}")
    if state.phase is Phase.STOPPED:
        return StackFailed("the stack was taken down while it was starting")
    kinds = {Fault.INVALID: InvalidValue, Fault.UNAVAILABLE: Unavailable}
    return kinds.get(state.fault or Fault.FAILED, StackFailed)(state.reason or "the stack could not be started")


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _first_line(text: str | None) -> str:
    return (text or "").partition("\n")[0]
