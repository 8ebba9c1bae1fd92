"""The shipped doubles behave as the ports that they stand for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ensue.core.errors import Unavailable
from ensue.runtime.clock import Clock, SystemClock
from ensue.runtime.ids import IdFactory, SystemIds
from ensue.runtime.publishing import Publisher, Unpublishable
from ensue.testing.clock import FrozenClock
from ensue.testing.ids import SequentialIds
from ensue.testing.publishing import Failure, RecordingPublisher
from ensue.wire.topics import OutgoingRecord, Topic


def record(value: bytes) -> OutgoingRecord:
    return OutgoingRecord(Topic.EVENTS, b"default/a", value)


@pytest.mark.parametrize("clock", [SystemClock(), FrozenClock()])
def test_a_clock_tells_aware_instants_and_never_goes_back(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() <= clock.monotonic()


def test_frozen_time_passes_only_when_told() -> None:
    clock = FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(minutes=2))
    assert (clock.now(), clock.monotonic()) == (datetime(2026, 1, 1, 0, 2, tzinfo=UTC), 120.0)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(timedelta(seconds=-1))


def test_frozen_time_is_never_naive() -> None:
    with pytest.raises(ValueError, match="aware"):
        FrozenClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the wrong value


@pytest.mark.parametrize("ids", [SystemIds(), SequentialIds()])
def test_ids_differ(ids: IdFactory) -> None:
    assert len({ids.new() for _ in range(100)}) == 100


def test_sequential_ids_can_be_foretold() -> None:
    ids = SequentialIds()
    assert [ids.new(), ids.new()] == [UUID(int=1), UUID(int=2)]


async def test_the_publisher_keeps_the_order_and_follows_its_script() -> None:
    publisher = RecordingPublisher(None, Failure(Unavailable("away"), sent=1))
    port: Publisher = publisher
    one, two, three = record(b"1"), record(b"2"), record(b"3")
    await port.publish([one])
    with pytest.raises(Unavailable):
        await port.publish([two, three])
    await port.publish([two, three])
    assert publisher.records == [one, two, two, three]
    assert publisher.calls == [1, 2, 2]


async def test_the_publisher_refuses_what_is_too_large_and_names_it() -> None:
    publisher = RecordingPublisher()
    publisher.max_value_bytes = 3
    with pytest.raises(Unpublishable) as refused:
        await publisher.publish([record(b"1"), record(b"1234")])
    assert refused.value.record == record(b"1234")
    assert publisher.records == []


async def test_a_held_publisher_waits() -> None:
    publisher = RecordingPublisher()
    publisher.hold()
    task = asyncio.create_task(publisher.publish([record(b"1")]))
    await asyncio.sleep(0)
    assert not task.done()
    publisher.release()
    await task
    assert publisher.records == [record(b"1")]
