"""Supervision with small real processes: what comes up in which order, what comes back, what is left at the end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.eventually import eventually
from tests.support.processes import assert_ended

from ensue.core.errors import InvalidValue, Unavailable
from ensue.runtime.clock import SystemClock
from ensue_devstack.child import BackOff, Probing
from ensue_devstack.dev_info import DevInfo, read_info
from ensue_devstack.layout import Layout
from ensue_devstack.plan import Say
from ensue_devstack.ports import kept_ports
from ensue_devstack.probes import service_is_ready
from ensue_devstack.processes import members
from ensue_devstack.program import Kind, Probe, Program
from ensue_devstack.state import Condition, Extent, Fault, Phase, ProcessState, StackState, read_state
from ensue_devstack.supervision import Supervision

QUICK = BackOff(initial_seconds=0.02, maximum_seconds=0.1)
EAGER = Probing(starting_seconds=0.02, ready_seconds=0.05)

HEALTHY = """
import http.server, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'{"status": "ready", "components": {}}')
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""
ENDS_AT_ONCE = "import sys; print('no use'); sys.exit(7)"
REFUSES = "import sys; print('ENSUE_X is wrong'); sys.exit(2)"
REFUSES_WHEN_ASKED = "import os, signal; signal.signal(signal.SIGUSR1, lambda *_: os._exit(2));" + HEALTHY
STUBBORN = (
    "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);" + HEALTHY
)


@dataclass
class SmallPlan:
    """A plan whose programs are given, and which remembers its steps."""

    own_servers: tuple[Program, ...] = ()
    own_services: tuple[Program, ...] = ()
    steps: list[str] = field(default_factory=list)
    prepared: Callable[[], None] = lambda: None

    def servers(self) -> tuple[Program, ...]:
        self.steps.append("servers")
        return self.own_servers

    async def prepare(self, say: Say) -> None:
        say("preparing")
        self.steps.append("prepare")
        self.prepared()

    def services(self) -> tuple[Program, ...]:
        self.steps.append("services")
        return self.own_services

    async def inform(self, reached: Extent) -> DevInfo:
        self.steps.append(f"inform {reached}")
        return DevInfo(
            api_url=None, kafka_bootstrap="k", database_url="d", api_key=None, admin_api_key=None, metrics={}
        )


@dataclass
class World:
    """One folder with programs that belong to it."""

    layout: Layout
    ports: Mapping[str, int]

    def program(self, name: str, kind: Kind, script: str = HEALTHY, probe: Probe | None = None) -> Program:
        port = self.ports[name]
        return Program(
            name=name,
            kind=kind,
            command=(sys.executable, "-c", script, str(port)),
            environment={**os.environ, **self.layout.marker()},
            log=self.layout.log(name),
            probe=probe or service_is_ready(port),
            port=port,
            stop_seconds=0.5,
        )

    def supervision(self, extent: Extent = Extent.SERVICES) -> Supervision:
        supervision = Supervision(self.layout, SystemClock(), QUICK, EAGER)
        supervision.want(extent)
        return supervision

    @property
    def state(self) -> StackState:
        state = read_state(self.layout)
        assert state is not None
        return state

    def process(self, name: str) -> ProcessState:
        process = self.state.process(name)
        assert process is not None
        return process

    def assert_ready(self) -> None:
        assert self.state.is_ready, self.state

    @asynccontextmanager
    async def up(self, plan: SmallPlan, extent: Extent = Extent.SERVICES) -> AsyncIterator[Supervision]:
        """A supervision that is ready; stopped afterwards."""
        supervision = self.supervision(extent)
        running = asyncio.create_task(supervision.run(lambda: plan))
        try:
            await eventually(self.assert_ready)
            yield supervision
        finally:
            supervision.stopping.set()
            assert await running == 0


@pytest.fixture
def world(tmp_path: Path) -> World:
    layout = Layout.of(tmp_path)
    layout.make()
    return World(layout, kept_ports(layout, ("kafka", "audit", "evaluator")))


def whole_plan(world: World) -> SmallPlan:
    return SmallPlan(
        (world.program("kafka", Kind.SERVER),),
        (world.program("audit", Kind.SERVICE), world.program("evaluator", Kind.SERVICE)),
    )


async def test_servers_come_first_then_their_preparation_then_services_and_then_everyone_is_told(world: World) -> None:
    plan = whole_plan(world)
    async with world.up(plan):
        assert plan.steps == ["servers", "prepare", "services", "inform services"]
        assert read_info(world.layout) is not None
        assert [process.name for process in world.state.processes] == ["kafka", "audit", "evaluator"]
        assert len(members(world.layout)) == 3

    assert world.state.phase is Phase.STOPPED
    assert {process.condition for process in world.state.processes} == {Condition.STOPPED}
    assert read_info(world.layout) is None
    assert members(world.layout) == []


@pytest.mark.parametrize("name", ["kafka", "audit"])
async def test_what_is_killed_comes_back_on_its_port_and_is_counted(world: World, name: str) -> None:
    async with world.up(whole_plan(world)):
        before = world.process(name)
        assert before.pid is not None
        os.kill(before.pid, signal.SIGKILL)

        def assert_back() -> None:
            assert world.process(name).restarts == 1
            assert world.process(name).pid not in (None, before.pid)
            world.assert_ready()

        await eventually(assert_back)
        assert world.process(name).port == before.port
        assert {one.restarts for one in world.state.processes if one.name != name} == {0}


async def test_what_ends_again_and_again_says_why_and_holds_up_the_rest(world: World) -> None:
    plan = SmallPlan((world.program("kafka", Kind.SERVER, ENDS_AT_ONCE),))
    supervision = world.supervision()
    running = asyncio.create_task(supervision.run(lambda: plan))

    def assert_backing_off() -> None:
        process = world.process("kafka")
        assert process.restarts >= 3
        assert process.condition is Condition.BACKING_OFF
        assert process.reason == f"ended: code 7; see {process.log}"

    await eventually(assert_backing_off)
    supervision.stopping.set()
    assert await running == 0
    assert plan.steps == ["servers"]
    assert world.layout.log("kafka").read_text().startswith("no use\n")


async def test_a_service_with_wrong_settings_is_started_once_and_ends_the_stack_with_its_own_words(
    world: World,
) -> None:
    never_ready = world.program("evaluator", Kind.SERVICE, "import time; time.sleep(600)")
    plan = SmallPlan((), (never_ready, world.program("audit", Kind.SERVICE, REFUSES)))
    world.layout.log("audit").write_text("what an earlier life said\n")

    async with asyncio.timeout(30):
        assert await world.supervision().run(lambda: plan) == 1
    assert (world.state.phase, world.state.fault) == (Phase.FAILED, Fault.INVALID)
    assert world.state.reason == "audit does not start: ENSUE_X is wrong"
    assert world.process("audit").restarts == 0
    assert world.layout.log("audit").read_text().count("ENSUE_X is wrong") == 1
    assert members(world.layout) == []


async def test_a_service_that_was_ready_and_refuses_its_settings_later_stays_down_and_the_rest_up(world: World) -> None:
    asked = world.program("audit", Kind.SERVICE, REFUSES_WHEN_ASKED)
    plan = SmallPlan((world.program("kafka", Kind.SERVER),), (asked, world.program("evaluator", Kind.SERVICE)))
    async with world.up(plan):
        pid = world.process("audit").pid
        assert pid is not None
        os.kill(pid, signal.SIGUSR1)

        def assert_down() -> None:
            assert world.process("audit").reason == f"audit does not start: see {world.layout.log('audit')}"

        await eventually(assert_down)
        conditions = [process.condition for process in world.state.processes]
        assert conditions == [Condition.READY, Condition.STOPPED, Condition.READY]


async def test_what_ignores_the_request_to_end_is_ended_with_all_that_it_started(world: World) -> None:
    async with world.up(SmallPlan((world.program("kafka", Kind.SERVER, STUBBORN),))):
        await eventually(lambda: _assert_count(world, 2))
        mine = members(world.layout)
    await eventually(lambda: assert_ended(*(one.pid for one in mine)))  # what is killed may take a moment to go


async def test_a_stack_of_servers_can_grow(world: World) -> None:
    plan = whole_plan(world)
    async with world.up(plan, Extent.SERVERS) as supervision:
        assert plan.steps == ["servers", "inform servers"]
        supervision.want(Extent.PREPARED)
        await eventually(lambda: _assert_last(plan, "inform prepared"))
        supervision.want(Extent.SERVICES)
        await eventually(lambda: _assert_last(plan, "inform services"))
        await eventually(world.assert_ready)
        assert plan.steps.count("prepare") == plan.steps.count("servers") == 1
        supervision.want(Extent.SERVERS)
        assert len(world.state.processes) == 3, "it never shrinks"


async def test_a_preparation_that_meets_a_server_that_is_away_is_repeated(world: World) -> None:
    away = iter([Unavailable("just now"), Unavailable("still")])

    def prepared() -> None:
        error = next(away, None)
        if error is not None:
            raise error

    plan = whole_plan(world)
    plan.prepared = prepared
    async with world.up(plan):
        assert plan.steps.count("prepare") == 3


@pytest.mark.parametrize(
    ("error", "fault"),
    [(InvalidValue("a wrong setting"), Fault.INVALID), (Unavailable("no Java"), Fault.UNAVAILABLE)],
)
async def test_a_stack_that_cannot_be_planned_says_why_and_ends(world: World, error: Exception, fault: Fault) -> None:
    def plan() -> SmallPlan:
        raise error

    assert await world.supervision().run(plan) == 1
    assert (world.state.phase, world.state.fault, world.state.reason) == (Phase.FAILED, fault, str(error))


async def test_a_preparation_that_fails_for_good_ends_what_was_started(world: World) -> None:
    def prepared() -> None:
        raise InvalidValue("topics.yml is wrong")

    plan = whole_plan(world)
    plan.prepared = prepared
    assert await world.supervision().run(lambda: plan) == 1
    assert world.state.reason == "topics.yml is wrong"
    assert members(world.layout) == []


async def test_a_defect_in_supervising_ends_everything_and_is_seen(world: World) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    plan = SmallPlan((world.program("kafka", Kind.SERVER), world.program("audit", Kind.SERVER, probe=broken)))
    with pytest.raises(ZeroDivisionError):
        await world.supervision().run(lambda: plan)
    assert members(world.layout) == []


def _assert_count(world: World, count: int) -> None:
    assert len(members(world.layout)) == count


def _assert_last(plan: SmallPlan, step: str) -> None:
    assert plan.steps[-1] == step
