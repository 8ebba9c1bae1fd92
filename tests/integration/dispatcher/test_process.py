"""The dispatcher as a process: firings come from Kafka, outcomes go to Kafka; processes are killed and frozen."""

from __future__ import annotations

import os
import signal
from asyncio import Event
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from tests.integration.dispatcher.world import World, a_firing
from tests.support.eventually import eventually
from tests.support.receiver import SECRET, Say
from tests.support.service_process import ServiceProcess, service_process

from ensue.core.outcome import ActionOutcome, Outcome, OutcomeStatus
from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.kafka.records import IncomingRecord
from ensue.kafka.tail import TopicTail
from ensue.runtime.metrics import FENCE_REJECTED, Metrics
from ensue.wire.cloudevents import decode_record
from ensue.wire.records import decode_outcome, encode_firing
from ensue.wire.topics import OutgoingRecord, Topic
from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.servers import Servers


@dataclass(frozen=True)
class Stage:
    """One test's topics and database, and how to run dispatchers on them."""

    bootstrap: str
    prefix: str
    database_url: str

    @asynccontextmanager
    async def dispatcher(self, name: str = "alone") -> AsyncIterator[ServiceProcess]:
        settings = {
            "ENSUE_INSTANCE": name,
            "ENSUE_KAFKA_BOOTSTRAP": self.bootstrap,
            "ENSUE_TOPIC_PREFIX": self.prefix,
            "ENSUE_DATABASE_URL": self.database_url,
            "ENSUE_WEBHOOK_SECRET": SECRET,
            "ENSUE_ALLOWED_ADDRESSES": "127.0.0.0/8",
            "ENSUE_LEASE_MARGIN_SECONDS": "1",
        }
        async with service_process("dispatcher", settings) as process:
            yield process

    async def publish(self, *records: OutgoingRecord) -> None:
        publisher = KafkaPublisher(PublisherConfig(self.bootstrap, self.prefix), Metrics())
        await publisher.start()
        await publisher.publish(records)
        await publisher.stop()

    async def records(self, topic: Topic, count: int) -> Sequence[IncomingRecord]:
        """The first records of a topic, once there are so many; that there are not more is seen a moment later."""
        tail = TopicTail(self.bootstrap, topic, self.prefix)
        await tail.start()
        found: list[IncomingRecord] = []

        async def look() -> None:
            found.extend(await tail.catch_up())
            assert len(found) >= count

        await eventually(look, within=20)
        await tail.stop()
        return found


@pytest.fixture
def stage(servers: Servers, topic_prefix: str, database: ScratchDatabase) -> Stage:
    return Stage(servers.kafka_bootstrap, topic_prefix, database.url("ensue_dispatcher"))


async def called(world: World, times: int) -> None:
    def look() -> None:
        assert len(world.receiver.calls) == times

    await eventually(look, within=30)


@pytest.mark.requirement("R4.7", "R5.6", "R6.3")
async def test_firings_from_kafka_become_calls_events_and_outcomes(world: World, stage: Stage) -> None:
    await world.trigger(world.webhook(), {"kind": "emit_event", "type": "scenes.requested"})
    record = encode_firing(a_firing(1))
    async with stage.dispatcher() as process:
        await stage.publish(record, OutgoingRecord(Topic.FIRINGS, record.key, b"poison"), record)
        [emitted] = await stage.records(Topic.SYSTEM, 1)
        outcomes = [decode_outcome(each.value) for each in await stage.records(Topic.OUTCOMES, 3)]
        [dead] = await stage.records(Topic.DEAD, 1)
        port = await process.ready()
        assert "ensue_intake_firings_total 1.0" in await process.metrics(port)
        assert await process.end() == 0
        assert not any(SECRET.removeprefix("whsec_") in str(line) for line in process.lines())
    [call] = world.receiver.calls
    call.verify(SECRET)
    assert [type(each) for each in outcomes] == [ActionOutcome, ActionOutcome, Outcome]
    assert dead.value == b"poison"
    names = [name for name, _ in emitted.headers]
    assert names.count("traceparent") == 1
    event = decode_record(emitted.headers, emitted.value, trusted=True, default_tenant="default")
    assert (event.lineage.depth, event.lineage.correlation_id) == (1, a_firing(1).lineage.correlation_id)


@pytest.mark.requirement("R4.13", "R5.17")
async def test_a_worker_killed_in_the_middle_of_a_call(world: World, stage: Stage) -> None:
    world.receiver.script("/", Say(until=Event()))
    await world.trigger(world.webhook(timeout="1s"))
    await stage.publish(encode_firing(a_firing(1)))
    async with stage.dispatcher() as process:
        await called(world, 1)
        await process.kill()
    assert await world.attempts() == [(1, "started")]
    async with stage.dispatcher():
        await called(world, 2)
        outcomes = [decode_outcome(each.value) for each in await stage.records(Topic.OUTCOMES, 2)]
    assert await world.attempts() == [(1, "unknown"), (2, "succeeded")]
    first, second = world.receiver.calls
    assert first.webhook_id == second.webhook_id
    assert first.body == second.body
    [outcome] = [each for each in outcomes if isinstance(each, Outcome)]
    assert (outcome.status, outcome.actions[0].attempts) == (OutcomeStatus.SUCCEEDED, 2)


@pytest.mark.requirement("R4.12")
async def test_a_worker_frozen_past_its_lease(world: World, stage: Stage) -> None:
    answers = Event()
    world.receiver.script("/", Say(410, until=answers))
    await world.trigger(world.webhook(timeout="3s"))
    async with stage.dispatcher("one") as one, stage.dispatcher("two") as two:
        processes = {"one": one, "two": two}
        ports = {name: await process.ready() for name, process in processes.items()}
        await stage.publish(encode_firing(a_firing(1)))
        await called(world, 1)
        [row] = await world.rows("SELECT worker FROM dispatch.attempt")
        frozen = processes[row["worker"]]
        [pid] = [line["pid"] for line in frozen.lines_of("service_starting")]
        os.kill(pid, signal.SIGSTOP)
        answers.set()
        await called(world, 2)
        outcomes = [decode_outcome(each.value) for each in await stage.records(Topic.OUTCOMES, 2)]
        os.kill(pid, signal.SIGCONT)

        async def refused() -> None:
            assert f"{FENCE_REJECTED.name} 1.0" in await frozen.metrics(ports[row["worker"]])

        await eventually(refused)
    assert await world.attempts() == [(1, "unknown"), (2, "succeeded")]
    assert await world.rows("SELECT state FROM dispatch.firing") == [{"state": "succeeded"}]
    assert len([each for each in outcomes if isinstance(each, Outcome)]) == 1
