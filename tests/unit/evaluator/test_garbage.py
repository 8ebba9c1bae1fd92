"""Cycles are found by the clock, also among what has outlived a collection; not while a ruleset is being built."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from tests.support.eventually import eventually

from ensue.matching.tier import collecting_nothing
from evaluator.garbage import OLD_EVERY, collect, collect_garbage_regularly


class Cycle:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _nothing_of_itself() -> Iterator[None]:
    """No collection begins because of the number of objects."""
    before = gc.get_threshold()
    gc.set_threshold(10_000_000)
    yield
    gc.set_threshold(*before)


@asynccontextmanager
async def collecting() -> AsyncIterator[asyncio.Task[None]]:
    """Garbage is collected inside, all the time."""
    stopping = asyncio.Event()
    task = asyncio.create_task(collect_garbage_regularly(stopping, every_seconds=0.001))
    yield task
    stopping.set()
    await task


@pytest.mark.parametrize("outlived", [0, 1])
async def test_a_cycle_goes_be_it_young_or_old(outlived: int) -> None:
    cycle = Cycle()
    gc.collect(outlived)  # what is there now counts among the older from here on
    there = weakref.ref(cycle)
    del cycle
    async with collecting():
        await eventually(lambda: _is_gone(there))


def test_nothing_is_collected_while_collecting_is_switched_off() -> None:
    there = weakref.ref(Cycle())
    with collecting_nothing():
        for number in range(OLD_EVERY):
            collect(number)
        assert there() is not None


def _is_gone(there: weakref.ref[Cycle]) -> None:
    assert there() is None
