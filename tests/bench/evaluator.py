"""Benchmark: the evaluator process beside a bare aiokafka consume-and-decode loop, on the same topic, in one run.

The evaluator's speed is read off its receipts: the events that it decided between the broker's append times of its
first and its last receipt. Before a figure is given, the number of firings is compared with what the events say.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

import orjson
from aiokafka import AIOKafkaConsumer
from tests.bench import triggers
from tests.bench.events import records
from tests.bench.scene import Scene, publish, scene, service

from ensue.core.json import JsonObject
from ensue.core.outcome import Receipt
from ensue.kafka.names import physical
from ensue.wire.records import decode_outcome
from ensue.wire.topics import Topic
from ensue_devstack.servers import Servers

PATIENCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Load:
    """`rules` triggers in force, one of which matches `share` of `events` events.

    same_type: whether all of them listen to the events' type, each with a condition of its own; else all but one
        listen to other types.
    """

    rules: int
    share: float
    events: int
    same_type: bool = False

    def documents(self) -> list[JsonObject]:
        """The triggers."""
        if self.same_type:
            return triggers.sharing_the_type(self.rules, self.share, triggers.LOGGED)
        return [triggers.matching(self.share, triggers.LOGGED), *triggers.bystanders(self.rules - 1)]

    def firings(self) -> int:
        """How many firings must follow, as the events themselves say."""
        limit = round(self.share * triggers.BUCKETS)
        return sum(orjson.loads(record.value or b"")["bucket"] < limit for record in records(self.events))


@dataclass(frozen=True, slots=True)
class EvaluatorFigure:
    """Events a second of the evaluator and of the bare loop; firings a second of the evaluator."""

    load: Load
    events_per_second: float
    firings_per_second: float
    bare_events_per_second: float


async def measure(servers: Servers, load: Load) -> EvaluatorFigure:
    """One figure."""
    async with scene(servers) as place:
        await publish(place, triggers.in_force(load.documents()))
        await publish(place, records(load.events))
        bare = await _bare(place, load.events)
        async with service("evaluator", place.environment("ensue_evaluator")):
            receipts = await receipts_of(place, load.events)
    return _figure(load, bare, receipts)


def _figure(load: Load, bare: float, receipts: list[tuple[int, Receipt]]) -> EvaluatorFigure:
    expected, fired = load.firings(), sum(receipt.firings for _, receipt in receipts)
    if fired != expected:
        raise AssertionError(f"the evaluator fired {fired} times, the events say {expected}")
    receipts.sort(key=lambda pair: pair[0])
    first = receipts[0][0]
    later = [receipt for appended, receipt in receipts if appended > first]
    seconds = (receipts[-1][0] - first) / 1000
    return EvaluatorFigure(
        load=load,
        events_per_second=sum(receipt.events for receipt in later) / seconds,
        firings_per_second=sum(receipt.firings for receipt in later) / seconds,
        bare_events_per_second=bare,
    )


async def _bare(place: Scene, events: int) -> float:
    topic = physical(Topic.EVENTS, place.prefix)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.bare_loop", place.servers.kafka_bootstrap, topic, str(events),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    answer = orjson.loads(output)
    return float(answer["events"] / answer["seconds"])


async def receipts_of(place: Scene, events: int) -> list[tuple[int, Receipt]]:
    """All receipts with their append times (ms), once they add up to `events`."""
    consumer = AIOKafkaConsumer(
        physical(Topic.OUTCOMES, place.prefix),
        bootstrap_servers=place.servers.kafka_bootstrap,
        auto_offset_reset="earliest",
        group_id=None,
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        found: list[tuple[int, Receipt]] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sum(receipt.events for _, receipt in found) < events:
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    for record in batch:
                        outcome = decode_outcome(record.value)
                        if isinstance(outcome, Receipt):
                            found.append((record.timestamp, outcome))
        return found
    finally:
        await consumer.stop()
