"""The executor: never more at once than allowed, nothing late begun, everything claimed settled or handed back."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from tests.support.eventually import eventually
from tests.unit.dispatcher.builders import a_claim

from dispatcher.claims import Claim
from dispatcher.executor import Executor
from dispatcher.finisher import Finisher
from dispatcher.limits import Limits
from dispatcher.reaper import reap
from dispatcher.settling import Settlement
from dispatcher.states import Finished, FiringState, GivenBack, LeaseExpired, Run, Step
from ensue.actions.kind import Succeeded
from ensue.core.errors import Unavailable
from ensue.core.trigger import Mode
from ensue.runtime.metrics import FENCE_REJECTED, Metrics
from ensue.testing.clock import FrozenClock

STEP = Step(Run(UUID(int=100), Mode.PARALLEL, FiringState.OPEN, ()))
LIMITS = Limits(slots=4, per_lane=2, claim_batch=10, poll=timedelta(milliseconds=5), reap=timedelta(milliseconds=5))


@dataclass
class Queue:
    """The claiming side: hands out what it holds, as the database would, within the limits asked for."""

    waiting: deque[Claim]
    asked: list[tuple[int, int]] = field(default_factory=list)
    away: int = 0
    clock: FrozenClock = field(default_factory=FrozenClock)
    slow_by: timedelta = timedelta(0)

    async def claim(self, busy: Mapping[str, int], limits: Limits, limit: int) -> list[Claim]:
        per_lane = limits.per_lane
        self.asked.append((per_lane, limit))
        if self.away:
            self.away -= 1
            raise Unavailable("PostgreSQL is away")
        room = Counter(dict.fromkeys({claim.lane for claim in self.waiting}, per_lane))
        room.subtract(busy)
        given: list[Claim] = []
        for claim in list(self.waiting):
            if len(given) < limit and room[claim.lane] > 0:
                room[claim.lane] -= 1
                self.waiting.remove(claim)
                given.append(claim)
        if given:
            self.clock.advance(self.slow_by)
        return given


@dataclass
class Calls:
    """The attempts: each waits until its lane is opened."""

    open_lanes: set[str] = field(default_factory=set)
    running: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    broken: bool = False

    async def make(self, claim: Claim) -> Settlement:
        self.running[claim.lane] += 1
        self.most[claim.lane] = max(self.most[claim.lane], self.running[claim.lane])
        self.most["all"] = max(self.most["all"], self.running.total())
        try:
            while claim.lane not in self.open_lanes:
                await self.opened.wait()
                self.opened.clear()
        finally:
            self.running[claim.lane] -= 1
        if self.broken:
            raise RuntimeError("a defect of ours")
        return Settlement(claim.firing_id, claim.kind, Finished(claim.action_id, claim.fence, Succeeded(), 0.0))

    def open(self, lane: str) -> None:
        self.open_lanes.add(lane)
        self.opened.set()


@dataclass
class Book:
    """The settling side: keeps what it is given."""

    settled: list[Settlement] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    away: int = 0
    accepts: bool = True

    async def settle(self, settlements: Sequence[Settlement]) -> list[Step]:
        if self.away:
            self.away -= 1
            raise Unavailable("PostgreSQL is away")
        self.batches.append(len(settlements))
        self.settled += settlements
        return [STEP if self.accepts else Step(STEP.run, accepted=False) for _ in settlements]

    def happenings(self) -> list[type]:
        return [type(settlement.happening) for settlement in self.settled]


@dataclass
class Rig:
    """An executor at work between doubles."""

    queue: Queue
    calls: Calls
    book: Book
    executor: Executor
    finisher: Finisher
    metrics: Metrics
    stopping: asyncio.Event
    task: asyncio.Task[None]


@asynccontextmanager
async def rig(
    claims: Iterable[Claim], limits: Limits = LIMITS, drain: float = 5.0, **queue: object
) -> AsyncIterator[Rig]:
    waiting = Queue(deque(claims), **queue)  # type: ignore[arg-type]  # fields of the double
    calls, book, metrics, stopping = Calls(), Book(), Metrics(), asyncio.Event()
    finisher = Finisher(book, limits.settle_batch, metrics, lambda: None)
    executor = Executor(waiting, calls, finisher, limits, waiting.clock, metrics)
    finishing = asyncio.create_task(finisher.run())
    task = asyncio.create_task(executor.run(stopping, lambda: drain))
    yield Rig(waiting, calls, book, executor, finisher, metrics, stopping, task)
    stopping.set()
    await asyncio.wait({task})
    finisher.close()
    await finishing


def lane(name: str, count: int, first: int = 1) -> list[Claim]:
    return [a_claim(first + number, lane=name) for number in range(count)]


@pytest.mark.requirement("R4.7")
async def test_a_lane_that_hangs_takes_its_own_share_of_the_slots_only() -> None:
    async with rig([*lane("hangs", 20), *lane("works", 20, first=100)]) as on:
        on.calls.open("works")

        def all_worked() -> None:
            assert len(on.book.settled) == 20

        await eventually(all_worked)
        assert on.calls.running["hangs"] == LIMITS.per_lane
        on.calls.open("hangs")
        await eventually(lambda: _equal(len(on.book.settled), 40))
        assert on.calls.most["all"] <= LIMITS.slots
        assert on.calls.most["hangs"] == LIMITS.per_lane
        assert on.calls.most["works"] <= LIMITS.per_lane
        on.stopping.set()
        await on.task


def _equal(found: object, wanted: object) -> None:
    assert found == wanted


async def test_what_was_claimed_too_slowly_is_given_back_unbegun() -> None:
    async with rig(lane("a", 2), slow_by=timedelta(milliseconds=500)) as on:
        await eventually(lambda: _equal(on.book.happenings(), [GivenBack, GivenBack]))
        assert not on.calls.most


async def test_a_database_that_is_slow_with_many_is_asked_for_fewer() -> None:
    """Else everything that it gives would come too late and be given back, for ever."""
    many = Limits(slots=64, per_lane=64, claim_batch=32, poll=timedelta(milliseconds=5))
    async with rig(lane("a", 40), many, slow_by=timedelta(milliseconds=500)) as on:
        on.calls.open("a")
        await eventually(lambda: _equal([limit for _, limit in on.queue.asked[:3]], [32, 16, 8]))
        assert set(on.book.happenings()) == {GivenBack}
        on.queue.slow_by = timedelta(0)
        on.queue.waiting.extend(lane("a", 8, first=100))
        await eventually(lambda: _equal(on.book.happenings().count(Finished), 8))
        await eventually(lambda: _equal(on.queue.asked[-1], (64, 32)))


async def test_stopping_waits_for_calls_and_claims_no_more() -> None:
    async with rig(lane("a", 4)) as on:
        await eventually(lambda: _equal(on.calls.running["a"], 2))
        on.stopping.set()
        on.calls.open("a")
        await on.task
        await eventually(lambda: _equal(on.book.happenings(), [Finished, Finished]))
        assert len(on.queue.waiting) == 2


async def test_calls_that_do_not_end_in_time_are_cut_short_and_handed_back() -> None:
    async with rig(lane("a", 2), drain=0.0) as on:
        await eventually(lambda: _equal(on.calls.running["a"], 2))
        on.stopping.set()
        await on.task
        await eventually(lambda: _equal(on.book.happenings(), [LeaseExpired, LeaseExpired]))


async def test_with_the_database_away_it_says_so_and_goes_on() -> None:
    async with rig(lane("a", 1), away=1) as on:
        on.calls.open("a")

        async def trouble() -> str:
            try:
                await on.executor.check()
            except Unavailable as error:
                return str(error)
            raise AssertionError("it is well")

        assert await eventually(trouble) == "PostgreSQL is away"
        await eventually(lambda: _equal(on.book.happenings(), [Finished]))
        await on.executor.check()


async def test_a_defect_of_ours_ends_the_executor() -> None:
    async with rig(lane("a", 1)) as on:
        on.calls.broken = True
        on.calls.open("a")
        with pytest.raises(RuntimeError):
            await on.task


async def test_results_are_settled_many_at_a_time_and_again_while_the_database_is_away() -> None:
    book, metrics = Book(away=2), Metrics()
    finisher = Finisher(book, 3, metrics, lambda: None)
    futures = [finisher.submit(settlement(number)) for number in range(7)]
    finisher.close()
    await finisher.run()
    assert book.batches == [3, 3, 1]
    assert [await future for future in futures] == [STEP] * 7


async def test_a_refused_result_is_counted_and_dropped() -> None:
    metrics = Metrics()
    finisher = Finisher(Book(accepts=False), 10, metrics, lambda: None)
    finisher.submit(settlement(1))
    finisher.close()
    await finisher.run()
    assert metrics.value(FENCE_REJECTED) == 1


def settlement(number: int) -> Settlement:
    return Settlement(UUID(int=100), "log", Finished(UUID(int=number), 1, Succeeded(), 0.0))


@dataclass
class Leases:
    """One expired lease, after the database was away once."""

    answers: deque[list[tuple[UUID, UUID, int, str]] | None]

    async def expired(self, limit: int) -> list[tuple[UUID, UUID, int, str]]:
        answer = self.answers.popleft() if self.answers else []
        if answer is None:
            raise Unavailable("PostgreSQL is away")
        return answer[:limit]


async def test_expired_leases_are_found_and_settled() -> None:
    book, stopping = Book(), asyncio.Event()
    finisher = Finisher(book, 10, Metrics(), stopping.set)
    finishing = asyncio.create_task(finisher.run())
    leases = Leases(deque([[], None, [(UUID(int=1), UUID(int=100), 3, "webhook")]]))
    await reap(leases, finisher, LIMITS, stopping)
    finisher.close()
    await finishing
    assert [each.happening for each in book.settled] == [LeaseExpired(UUID(int=1), 3)]
