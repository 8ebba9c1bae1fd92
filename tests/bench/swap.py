"""Benchmark: what a change of the ruleset costs the events: the longest stall while triggers of their type are saved.

One evaluator process, one steady stream of events; first nothing else, then changes all the time. The receipts tell
when the events were decided. Before a figure is given, all events must be decided and all changes be in force.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise
from statistics import median

import aiohttp
from aiokafka import AIOKafkaConsumer
from tests.bench import triggers
from tests.bench.events import records
from tests.bench.scene import Scene, publish, scene, service

from ensue.core.json import JsonObject
from ensue.core.outcome import Receipt
from ensue.kafka.names import physical
from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.runtime.metrics import RULESET_CHANGES, Metrics
from ensue.wire.records import decode_outcome
from ensue.wire.topics import OutgoingRecord, Topic
from ensue_devstack.servers import Servers

TICK_SECONDS = 0.02
EVENTS_A_TICK = 40
CHANGES_A_TICK = 4
READY_SECONDS = 300.0
PATIENCE_SECONDS = 60.0
SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Stall:
    """How long decisions stood still, and how long an event waited for its decision; milliseconds."""

    longest_gap_ms: float
    usual_wait_ms: float
    longest_wait_ms: float

    @classmethod
    def of(cls, receipts: Sequence[tuple[int, Receipt]]) -> Stall:
        """What the receipts of one stretch, with their append times, tell."""
        times = sorted(appended for appended, _ in receipts)
        waits = [appended - receipt.at.timestamp() * 1000 for appended, receipt in receipts]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        return cls(max(gaps), median(waits), max(waits))


@dataclass(frozen=True, slots=True)
class SwapFigure:
    """The same stream without changes and with them."""

    rules: int
    changes: int
    events_per_second: float
    quiet: Stall
    changing: Stall


async def measure(servers: Servers, *, rules: int, seconds: float) -> SwapFigure:
    """`rules` triggers in force; `seconds` without changes, `seconds` with them."""
    documents = triggers.sharing_the_type(rules, SHARE, triggers.LOGGED)
    since = triggers.long_ago()
    ticks = max(10, round(seconds / TICK_SECONDS))
    async with scene(servers) as place:
        await publish(place, triggers.in_force(documents))
        environment = place.environment("ensue_evaluator")
        async with service("evaluator", environment, READY_SECONDS) as port, _Watch.on(place) as watch:
            stream = records(4 * ticks * EVENTS_A_TICK)
            await _steadily(place, watch, stream, ticks // 5, iter(()))  # until everything is warm
            quiet = await _steadily(place, watch, stream, ticks, iter(()))
            changing = await _steadily(place, watch, stream, ticks, _revisions(documents, since))
            await _all_in_force(port, rules + ticks * CHANGES_A_TICK)
    return SwapFigure(rules, ticks * CHANGES_A_TICK, EVENTS_A_TICK / TICK_SECONDS, Stall.of(quiet), Stall.of(changing))


def _revisions(documents: Sequence[JsonObject], since: datetime) -> Iterator[OutgoingRecord]:
    """One trigger after the other gets a new revision, without end."""
    revision = 2
    while True:
        for number, document in enumerate(documents):
            yield triggers.revision_of(document, number, revision, since)
        revision += 1


async def _steadily(
    place: Scene, watch: _Watch, stream: Iterator[OutgoingRecord], ticks: int, changes: Iterator[OutgoingRecord]
) -> list[tuple[int, Receipt]]:
    """The receipts of so many ticks' events, `changes` published between them."""
    publisher = KafkaPublisher(PublisherConfig(place.servers.kafka_bootstrap, place.prefix), Metrics())
    await publisher.start()
    try:
        due = asyncio.get_running_loop().time()
        for _ in range(ticks):
            await publisher.publish([*islice(changes, CHANGES_A_TICK), *islice(stream, EVENTS_A_TICK)])
            due += TICK_SECONDS
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        return await watch.receipts(ticks * EVENTS_A_TICK)
    finally:
        await publisher.stop()


async def _all_in_force(port: int, expected: int) -> None:
    """Every revision is one change that the evaluator has counted."""
    pattern = re.compile(rf'^{RULESET_CHANGES.name}\{{source="topic"\}} (\S+)$', re.MULTILINE)
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        found = pattern.search(await answer.text())
    if found is None or float(found[1]) != expected:
        raise AssertionError(f"{found and found[1]} changes are in force, {expected} were published")


class _Watch:
    """Reads receipts as they come."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    @classmethod
    @asynccontextmanager
    async def on(cls, place: Scene) -> AsyncIterator[_Watch]:
        """From the first receipt on."""
        consumer = AIOKafkaConsumer(
            physical(Topic.OUTCOMES, place.prefix),
            bootstrap_servers=place.servers.kafka_bootstrap,
            auto_offset_reset="earliest",
            group_id=None,
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            yield cls(consumer)
        finally:
            await consumer.stop()

    async def receipts(self, events: int) -> list[tuple[int, Receipt]]:
        """The next receipts, with their append times (ms), once they add up to `events`."""
        found: list[tuple[int, Receipt]] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sum(receipt.events for _, receipt in found) < events:
                for batch in (await self._consumer.getmany(timeout_ms=100)).values():
                    for record in batch:
                        outcome = decode_outcome(record.value)
                        if isinstance(outcome, Receipt):
                            found.append((record.timestamp, outcome))
        return found
