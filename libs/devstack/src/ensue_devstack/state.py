"""What a stack says about itself in `.ensue/state.json`. Written by the supervisor alone, read by everybody else."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ensue_devstack.layout import Layout, read_json, write_private
from ensue_devstack.processes import Identity
from ensue_devstack.program import Kind


class Phase(StrEnum):
    """Where a stack is in its life."""

    STARTING = "starting"
    READY = "ready"  # everything wanted has been ready; what is so now is said by each process
    FAILED = "failed"  # it cannot be started: `reason` says why
    STOPPING = "stopping"
    STOPPED = "stopped"


class Extent(StrEnum):
    """How much of a stack is wanted; each contains the one before it."""

    SERVERS = "servers"
    PREPARED = "prepared"  # and the database with its schemas, and the topics
    SERVICES = "services"

    def contains(self, other: Extent) -> bool:
        """Whether nothing is missing for somebody who wants `other`."""
        order = list(Extent)
        return order.index(self) >= order.index(other)


class Fault(StrEnum):
    """What kind of failure kept a stack from coming up; it decides the exit code."""

    FAILED = "failed"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


class Condition(StrEnum):
    """How one process is."""

    WAITING = "waiting"  # its turn has not come
    STARTING = "starting"
    READY = "ready"
    NOT_READY = "not ready"  # it runs, and was ready before
    BACKING_OFF = "backing off"  # it ended; it is started again soon
    STOPPED = "stopped"


class ProcessState(msgspec.Struct, frozen=True, kw_only=True):
    """One process. `restarts`: how often it was started again; `reason`: why it is not ready."""

    name: str
    kind: Kind
    condition: Condition = Condition.WAITING
    pid: int | None = None
    started_at: float | None = None
    port: int | None = None
    restarts: int = 0
    reason: str | None = None
    log: str = ""


class StackState(msgspec.Struct, frozen=True, kw_only=True):
    """One stack. `step`: what is being done while it starts."""

    phase: Phase
    supervisor_pid: int
    supervisor_started_at: float
    extent: Extent  # what is wanted
    step: str = ""
    reason: str | None = None
    fault: Fault | None = None
    processes: tuple[ProcessState, ...] = ()

    @property
    def supervisor(self) -> Identity:
        return Identity(self.supervisor_pid, self.supervisor_started_at)

    @property
    def is_ready(self) -> bool:
        """Whether everything that is wanted is ready at this moment."""
        return self.phase is Phase.READY and all(one.condition is Condition.READY for one in self.processes)

    def process(self, name: str) -> ProcessState | None:
        """The process of this name."""
        return next((one for one in self.processes if one.name == name), None)


def write_state(layout: Layout, state: StackState) -> None:
    """Replace what is said."""
    write_private(layout.state, msgspec.json.encode(state).decode())


def read_state(layout: Layout) -> StackState | None:
    """What was said last, whether or not its supervisor still lives. None if nothing can be read."""
    try:
        return msgspec.json.decode(layout.state.read_bytes(), type=StackState)
    except (OSError, msgspec.MsgspecError):
        return None


def want(layout: Layout, extent: Extent) -> None:
    """Say what is wanted of the stack, for a supervisor that starts, or that gets SIGHUP."""
    write_private(layout.wanted, msgspec.json.encode({"extent": extent}).decode())


def wanted_extent(layout: Layout) -> Extent:
    """What is wanted; everything, if nobody said."""
    found = read_json(layout.wanted).get("extent")
    return next((extent for extent in Extent if extent == found), Extent.SERVICES)
