"""Start and stop of a service process, the same for all: loop, logs, signals, one drain deadline, exit code.

Each service's `__main__` calls `run_service(settings, main)`; `main` is its composition root (`app.py`). A stop signal
sets `lifecycle.stopping`; what is in hand then has until the one deadline; a second signal ends the process at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from types import FrameType
from typing import Any

import uvloop

from ensue.runtime.clock import Clock, SystemClock
from ensue.runtime.logs import configure_logs, get_logger
from ensue.runtime.settings import ServiceSettings

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_CRASH_DRAIN_SECONDS = 5.0
_WATCHDOG_GRACE_SECONDS = 2.0
log = get_logger(__name__)


class Lifecycle:
    """One run of a service. `stopping` is set once, by a signal, by the end of main, or by a failure.

    stack: what must be closed at the end, last opened first; closed within the same deadline.
    """

    def __init__(self, drain_seconds: float, clock: Clock) -> None:
        self.stopping = asyncio.Event()
        self.stack = AsyncExitStack()
        self._clock = clock
        self._drain_seconds = drain_seconds
        self._deadline: float | None = None
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._failure: BaseException | None = None

    def remaining(self) -> float:
        """Seconds left until everything must have ended; all of them while nobody has asked to stop."""
        if self._deadline is None:
            return self._drain_seconds
        return max(0.0, self._deadline - self._clock.monotonic())

    def stop(self, why: str, *, within: float | None = None) -> None:
        """Ask everything to end; the first call fixes the deadline, a later one can only bring it nearer."""
        seconds = self._drain_seconds if within is None else min(within, self._drain_seconds)
        deadline = self._clock.monotonic() + seconds
        self._deadline = deadline if self._deadline is None else min(self._deadline, deadline)
        if not self.stopping.is_set():
            log.info("service_stopping", why=why, within_seconds=seconds)
            _start_watchdog(seconds + _WATCHDOG_GRACE_SECONDS)
            self.stopping.set()

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` beside main. It should end soon after `stopping`; if it fails, the service ends with exit 1."""
        task = asyncio.create_task(work, name=name)
        self._tasks[task] = name
        task.add_done_callback(self._ended)
        return task

    @property
    def failed(self) -> bool:
        """Whether main or a spawned task failed, or the deadline passed with work in hand."""
        return self._failure is not None

    def fail(self, name: str, error: BaseException) -> None:
        """Record the first failure, log it once, and end the service; later ones are only its consequences."""
        if self._failure is None:
            self._failure = error
            log.error("service_failed", task=name, error=str(error), exc_info=error)
        self.stop(f"{name} failed", within=_CRASH_DRAIN_SECONDS)

    def _ended(self, task: asyncio.Task[None]) -> None:
        name = self._tasks.pop(task)
        error = _unasked_cancellation(name, self.stopping) if task.cancelled() else task.exception()
        if error is not None:
            self.fail(name, error)

    async def drain(self) -> None:
        """Wait for the spawned tasks until the deadline, cancel the rest, then close the stack."""
        await self._settle(dict(self._tasks))
        closing = asyncio.create_task(self.stack.aclose(), name="close")
        await self._settle({closing: "close"})
        if closing.done() and not closing.cancelled() and (error := closing.exception()) is not None:
            self.fail("close", error)

    async def _settle(self, tasks: dict[asyncio.Task[None], str]) -> None:
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self.remaining())
        if late:
            names = ", ".join(sorted(tasks[task] for task in late))
            self.fail(names, TimeoutError(f"not ended by the drain deadline: {names}"))
            for task in late:
                task.cancel()
            await asyncio.wait(late, timeout=_WATCHDOG_GRACE_SECONDS / 2)


def _unasked_cancellation(name: str, stopping: asyncio.Event) -> RuntimeError | None:
    return None if stopping.is_set() else RuntimeError(f"{name} was cancelled though nobody asked the service to stop")


def run_service(settings: ServiceSettings, main: Callable[[Lifecycle], Awaitable[None]]) -> int:
    """Run a service until it is stopped; the exit code: 0 after a clean stop, 1 after a failure (logged once)."""
    configure_logs(settings.service, settings.log_level, instance=settings.instance)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        lifecycle = runner.run(_run(settings.drain_seconds, main))
    code = 1 if lifecycle.failed else 0
    log.info("service_stopped", exit_code=code)
    return code


async def _run(drain_seconds: float, main: Callable[[Lifecycle], Awaitable[None]]) -> Lifecycle:
    lifecycle = Lifecycle(drain_seconds, SystemClock())
    _listen_to_signals(lifecycle, asyncio.get_running_loop())
    log.info("service_starting", pid=os.getpid())
    task = lifecycle.spawn("main", _awaited(main, lifecycle))
    stopping = asyncio.create_task(lifecycle.stopping.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    lifecycle.stop("main ended")
    await lifecycle.drain()
    return lifecycle


async def _awaited(main: Callable[[Lifecycle], Awaitable[None]], lifecycle: Lifecycle) -> None:
    await main(lifecycle)


def _listen_to_signals(lifecycle: Lifecycle, loop: asyncio.AbstractEventLoop) -> None:
    """Python-level handlers, so that the second signal works even where the loop is blocked."""
    seen: list[int] = []

    def on_signal(number: int, _: FrameType | None) -> None:
        seen.append(number)
        if len(seen) > 1:
            os._exit(128 + number)  # every log line is flushed as it is written
        loop.call_soon_threadsafe(lifecycle.stop, signal.Signals(number).name)

    for number in _STOP_SIGNALS:
        signal.signal(number, on_signal)


def _start_watchdog(seconds: float) -> None:
    """End the process when the loop is too busy (or a task too stubborn) to keep the deadline itself."""

    def end() -> None:
        log.error("service_ended_by_force", error=f"still running {seconds:g} s after it was asked to stop")
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
