"""Keeps one program running: starts it, asks whether it is ready, and starts it again with back-off when it ends.

A service that ends because its settings are wrong is not started again: they would be the same. Called by the
supervisor, one for each program.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from ensue.core.errors import EnsueError, InvalidValue
from ensue.exits import ExitCode
from ensue.runtime.clock import Clock
from ensue_devstack.processes import Identity
from ensue_devstack.program import Kind, Program
from ensue_devstack.state import Condition, ProcessState

ROTATE_BYTES = 20_000_000
SAID_BYTES = 4_000  # of a service that refuses its settings
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait before another start: doubled with each failure in a row, up to a bound."""

    initial_seconds: float = 0.25
    maximum_seconds: float = 10.0
    forgotten_after_seconds: float = 30.0  # a program that was ready for so long has no failures behind it

    def delay(self, failures: int) -> float:
        """Seconds to wait after this many failures in a row (from 1)."""
        return min(self.initial_seconds * 2.0 ** min(failures - 1, 30), self.maximum_seconds)


@dataclass(frozen=True, slots=True)
class Probing:
    """How often a program is asked whether it is ready."""

    starting_seconds: float = 0.1
    ready_seconds: float = 1.0
    answer_seconds: float = 10.0


class Child:
    """One program under supervision. `failures` counts its ends in a row without a long ready time between them."""

    def __init__(
        self, program: Program, clock: Clock, changed: Callable[[], None], back_off: BackOff, probing: Probing
    ) -> None:
        self.program = program
        self.state = ProcessState(name=program.name, kind=program.kind, port=program.port, log=str(program.log))
        self.was_ready = asyncio.Event()
        self.refusal: InvalidValue | None = None  # why it is not started again
        self.failures = 0
        self._clock = clock
        self._changed = changed
        self._back_off = back_off
        self._probing = probing
        self._ready_since: float | None = None
        self._is_settled = asyncio.Event()
        self._log_begins = 0  # where in its log this life begins

    async def until_ready(self) -> None:
        """Until it has been ready once, however often it takes. Raises InvalidValue where its settings are wrong."""
        await self._is_settled.wait()
        if self.refusal is not None:
            raise self.refusal

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep it running until `stopping` is set; then end it, and return when nothing of it is left."""
        while not stopping.is_set():
            reason = await self._one_life(stopping)
            if stopping.is_set():
                break
            if self.refusal is not None:
                return
            self._note_end(reason)
            if await _set_within(stopping, self._back_off.delay(self.failures)):
                break
            self._say(restarts=self.state.restarts + 1)
        self._say(condition=Condition.STOPPED, reason=None, pid=None, started_at=None)

    async def _one_life(self, stopping: asyncio.Event) -> str:
        """From its start to its end; why it ended."""
        self._ready_since = None
        self._say(condition=Condition.STARTING, reason="being prepared", pid=None, started_at=None)
        try:
            await self.program.prepare()
            process = await self._start()
        except (EnsueError, OSError) as error:
            return str(error)
        try:
            await self._watch(process, stopping)
        finally:
            await self._end(process)
        if self._is_refusal(process.returncode) and not stopping.is_set():
            self._note_refusal()
        return f"ended: {_how_it_ended(process.returncode)}; see {self.program.log}"

    async def _start(self) -> asyncio.subprocess.Process:
        program = self.program
        with _open_log(program.log) as log:
            self._log_begins = log.tell()
            process = await asyncio.create_subprocess_exec(
                *program.command,
                env=dict(program.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=program.folder,
                user=program.user.uid if program.user else None,
                group=program.user.gid if program.user else None,
                extra_groups=[] if program.user else None,
            )
        identity = Identity.of(process.pid)
        self._say(pid=process.pid, started_at=identity.started_at if identity else None, reason="has just been started")
        return process

    async def _watch(self, process: asyncio.subprocess.Process, stopping: asyncio.Event) -> None:
        """Until the process ends or everything stops."""
        probing = asyncio.create_task(self._probe_for_ever())
        waits = [asyncio.create_task(process.wait()), asyncio.create_task(stopping.wait()), probing]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if probing.done():
                probing.result()  # a probe that fails in an unexpected way is a defect and must be seen
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _probe_for_ever(self) -> None:
        while True:
            reason = await self._not_ready_because()
            if reason is None:
                self._note_ready()
                await asyncio.sleep(self._probing.ready_seconds)
            else:
                condition = Condition.NOT_READY if self._ready_since is not None else Condition.STARTING
                self._say(condition=condition, reason=reason)
                await asyncio.sleep(self._probing.starting_seconds)

    async def _not_ready_because(self) -> str | None:
        try:
            async with asyncio.timeout(self._probing.answer_seconds):
                await self.program.probe()
        except TimeoutError:
            return f"no answer within {self._probing.answer_seconds:g} s"
        except EnsueError as error:
            return str(error)
        return None

    def _note_ready(self) -> None:
        if self._ready_since is None:
            self._ready_since = self._clock.monotonic()
        self._say(condition=Condition.READY, reason=None)
        self.was_ready.set()
        self._is_settled.set()

    def _is_refusal(self, code: int | None) -> bool:
        return self.program.kind is Kind.SERVICE and code == ExitCode.INVALID

    def _note_refusal(self) -> None:
        said = _text_from(self.program.log, self._log_begins) or f"see {self.program.log}"
        self.refusal = InvalidValue(f"{self.program.name} does not start: {said}")
        self._say(condition=Condition.STOPPED, reason=str(self.refusal), pid=None, started_at=None)
        self._is_settled.set()

    def _note_end(self, reason: str) -> None:
        lasted = 0.0 if self._ready_since is None else self._clock.monotonic() - self._ready_since
        self.failures = 1 if lasted >= self._back_off.forgotten_after_seconds else self.failures + 1
        self._say(condition=Condition.BACKING_OFF, reason=reason, pid=None, started_at=None)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Ask it to end, insist after a while, and take what it started with it."""
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(self.program.stop_signal)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.program.stop_seconds):
                    await process.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # its group is its own: it was started in a session of its own
        await process.wait()

    def _say(self, **changes: object) -> None:
        changed = replace(self.state, **changes)
        if changed.condition is not self.state.condition:
            log.info("%s: %s%s", changed.name, changed.condition, f" ({changed.reason})" if changed.reason else "")
        if changed != self.state:
            self.state = changed
            self._changed()


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def _open_log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > ROTATE_BYTES:
        path.rename(path.with_suffix(".log.1"))
    return path.open("ab")


def _text_from(path: Path, start: int) -> str:
    """What was written to a log from there on, its last part if that is long."""
    with suppress(OSError):
        return path.read_bytes()[start:][-SAID_BYTES:].decode(errors="replace").strip()
    return ""


def _how_it_ended(code: int | None) -> str:
    """`code 2`, or `signal SIGKILL`."""
    if code is None or code >= 0:
        return f"code {code}"
    return f"signal {signal.Signals(-code).name}"
