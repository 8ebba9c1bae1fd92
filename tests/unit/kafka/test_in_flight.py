"""One delivery at a time; `idle` says the truth; a failure is raised once, to whoever looks next."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ensue.kafka.in_flight import InFlight


class Loop(RuleBasedStateMachine):
    """A consume loop as InFlight sees it: it decides, delivers, waits, and is told of failures."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.begun = self.ended = 0
        self.failing = False  # a delivery has failed, and nobody has heard of it yet

    @initialize()
    def start(self) -> None:
        self.runner.run(self._start())

    async def _start(self) -> None:
        self.idle = asyncio.Event()
        self.in_flight = InFlight(self.idle)
        self.gate: asyncio.Future[None] | None = None

    @precondition(lambda self: self.gate is None and not self.failing)
    @rule()
    def decide_and_begin(self) -> None:
        self.runner.run(self._begin())

    async def _begin(self) -> None:
        await self.in_flight.settled()
        with self.in_flight.deciding():
            assert not self.idle.is_set()
        self.gate = asyncio.get_running_loop().create_future()
        self.in_flight.begin(self._deliver(self.gate))
        await asyncio.sleep(0)

    async def _deliver(self, gate: asyncio.Future[None]) -> None:
        self.begun += 1
        assert self.begun == self.ended + 1
        try:
            await gate
        finally:
            self.ended += 1

    @precondition(lambda self: self.gate is not None)
    @rule()
    def a_second_is_refused(self) -> None:
        self.runner.run(self._begin_too_early())

    async def _begin_too_early(self) -> None:
        with pytest.raises(RuntimeError):
            self.in_flight.begin(self._deliver(asyncio.get_running_loop().create_future()))

    @precondition(lambda self: self.gate is not None)
    @rule()
    def acknowledge(self) -> None:
        self.runner.run(self._end(None))

    @precondition(lambda self: self.gate is not None)
    @rule()
    def fail(self) -> None:
        self.runner.run(self._end(OSError("away")))
        self.failing = True

    async def _end(self, error: Exception | None) -> None:
        assert self.gate is not None
        if error is None:
            self.gate.set_result(None)
        else:
            self.gate.set_exception(error)
        self.gate = None
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    @precondition(lambda self: self.failing)
    @rule()
    def a_failure_is_raised_once(self) -> None:
        with pytest.raises(OSError, match="away"):
            self.in_flight.check()
        self.in_flight.check()
        self.failing = False

    @precondition(lambda self: not self.failing)
    @rule()
    def give_up(self) -> None:
        self.runner.run(self.in_flight.given_up())
        self.gate = None

    @invariant()
    def idle_is_the_truth(self) -> None:
        if hasattr(self, "in_flight"):
            assert self.idle.is_set() is (self.gate is None)

    def teardown(self) -> None:
        if hasattr(self, "in_flight"):
            self.runner.run(self.in_flight.given_up())
        self.runner.close()


TestInFlight = Loop.TestCase
TestInFlight.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
