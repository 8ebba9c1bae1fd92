"""One stack from its start to its end: servers, preparation, services, and everything back in the opposite order.

Carried out by the supervisor's process, according to a plan; what is so at each moment is in `.ensue/state.json`.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from ensue.core.errors import EnsueError, InvalidValue, Unavailable
from ensue.runtime.clock import Clock
from ensue_devstack.child import BackOff, Child, Probing
from ensue_devstack.dev_info import write_info
from ensue_devstack.layout import Layout
from ensue_devstack.plan import Plan
from ensue_devstack.processes import Identity
from ensue_devstack.program import Kind, Program
from ensue_devstack.state import Extent, Fault, Phase, StackState, write_state

WRITE_SECONDS = 0.05
STEP_ATTEMPTS = 20
STEP_PAUSE_SECONDS = 0.5

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


class Supervision:
    """The state machine of one stack. Set `stopping` to end it."""

    def __init__(self, layout: Layout, clock: Clock, back_off: BackOff, probing: Probing) -> None:
        me = Identity.of(os.getpid()) or Identity(os.getpid(), 0.0)
        self.stopping = asyncio.Event()
        self._wanted_more = asyncio.Event()
        self._layout, self._clock, self._back_off, self._probing = layout, clock, back_off, probing
        self._children: dict[Child, asyncio.Task[None]] = {}
        self._stops = {kind: asyncio.Event() for kind in Kind}
        self._defect: BaseException | None = None
        self._changed = asyncio.Event()
        self._state = StackState(
            phase=Phase.STARTING, supervisor_pid=me.pid, supervisor_started_at=me.started_at, extent=Extent.SERVERS
        )

    def want(self, extent: Extent) -> None:
        """So much is wanted; also while it runs. It never becomes less."""
        if not self._state.extent.contains(extent):
            self._say(extent=extent)
            self._wanted_more.set()

    async def run(self, make_plan: Callable[[], Plan]) -> int:
        """Bring it up, keep it until `stopping` is set, bring it down. Exit code 1 if it could not come up."""
        writing = asyncio.create_task(self._write_changes())
        failure: EnsueError | None = None
        try:
            await self._until_stopping(self._life(make_plan))
        except EnsueError as error:
            failure = error
            log.warning("the stack cannot be started: %s", error)
        finally:
            log.info("stopping")
            self._say(phase=Phase.STOPPING, step="", reason=str(failure) if failure else None)
            self._layout.dev_info.unlink(missing_ok=True)
            await self._stop()
            writing.cancel()
            log.info("stopped")
            self._say(phase=Phase.FAILED if failure else Phase.STOPPED, fault=_fault(failure))
            write_state(self._layout, self._state)
        if self._defect is not None:
            raise self._defect
        return 1 if failure else 0

    async def _life(self, make_plan: Callable[[], Plan]) -> None:
        self._step("finding the servers' programs")
        plan = await asyncio.to_thread(make_plan)
        servers = await asyncio.to_thread(plan.servers)
        self._step("starting the servers")
        await self._start(servers)
        reached = Extent.SERVERS
        while True:
            self._wanted_more.clear()
            wanted = self._state.extent
            if wanted.contains(Extent.PREPARED) and not reached.contains(Extent.PREPARED):
                await self._patiently(lambda: plan.prepare(self._step))
            if wanted.contains(Extent.SERVICES) and not reached.contains(Extent.SERVICES):
                self._step("starting the services")
                await self._start(plan.services())
            reached = wanted
            await self._complete(plan, reached)
            await self._wanted_more.wait()
            self._say(phase=Phase.STARTING)

    async def _complete(self, plan: Plan, reached: Extent) -> None:
        if self._state.extent is not reached:
            return  # more has been wanted meanwhile
        self._step("writing dev.json")
        write_info(self._layout, await self._patiently(lambda: plan.inform(reached)))
        self._say(phase=Phase.READY, step="")

    async def _start(self, programs: Sequence[Program]) -> None:
        """Start them all and wait until each has been ready once. InvalidValue as soon as one has wrong settings."""
        started = [
            Child(program, self._clock, self._changed.set, self._back_off, self._probing) for program in programs
        ]
        for child in started:
            task = asyncio.create_task(child.run(self._stops[child.program.kind]), name=child.program.name)
            task.add_done_callback(self._note_defect)
            self._children[child] = task
        await asyncio.gather(*(child.until_ready() for child in started))

    async def _stop(self) -> None:
        """Services first, so that they can finish with their servers."""
        for kind in (Kind.SERVICE, Kind.SERVER):
            self._stops[kind].set()
            tasks = [task for child, task in self._children.items() if child.program.kind is kind]
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_stopping(self, life: Coroutine[Any, Any, None]) -> None:
        living, stop = asyncio.create_task(life), asyncio.create_task(self.stopping.wait())
        await asyncio.wait([living, stop], return_when=asyncio.FIRST_COMPLETED)
        for task in (living, stop):
            task.cancel()
        outcomes = await asyncio.gather(living, stop, return_exceptions=True)
        if isinstance(outcomes[0], Exception):
            raise outcomes[0]

    async def _patiently(self, step: Callable[[], Awaitable[Answer]]) -> Answer:
        """Servers that have just started, or are just being restarted, may be away for a moment."""
        for _ in range(STEP_ATTEMPTS - 1):
            try:
                return await step()
            except Unavailable as error:
                self._say(reason=str(error))
                await asyncio.sleep(STEP_PAUSE_SECONDS)
        return await step()

    def _note_defect(self, task: asyncio.Task[None]) -> None:
        """Supervising a program failed in a way that nobody expected: end everything and let the error be seen."""
        if not task.cancelled() and task.exception() is not None:
            self._defect = task.exception()
            self.stopping.set()

    def _step(self, text: str) -> None:
        log.info(text)
        self._say(step=text, reason=None)

    def _say(self, **changes: object) -> None:
        processes = tuple(child.state for child in self._children)
        self._state = replace(self._state, **{"processes": processes, **changes})
        self._changed.set()

    async def _write_changes(self) -> None:
        """Write the state whenever it has changed, a few times a second at most."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._state = replace(self._state, processes=tuple(child.state for child in self._children))
            write_state(self._layout, self._state)
            await asyncio.sleep(WRITE_SECONDS)


def _fault(failure: EnsueError | None) -> Fault | None:
    match failure:
        case None:
            return None
        case Unavailable():
            return Fault.UNAVAILABLE
        case InvalidValue():
            return Fault.INVALID
    return Fault.FAILED
