"""The evaluator as a process: ready, degraded, killed in the middle of a batch, ended cleanly; and what it logs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.integration.evaluator.world import EvaluatorWorld, listening
from tests.support.eventually import eventually
from tests.support.service_process import service_process
from tests.unit.evaluator.studio import SCENES, STUDIO, approved, of

from audit.coverage import coverage
from ensue.core.event import Event
from ensue.core.ids import firing_id
from ensue.wire.topics import Topic

EVENTS = 6000


async def test_it_runs_from_start_to_stop(world: EvaluatorWorld) -> None:
    await world.save(listening())
    async with service_process("evaluator", _environment(world)) as running:
        port = await running.ready()
        await world.publish(of(approved()))
        await eventually(lambda: _fired(world, 1))
        assert 'ensue_firings_total{topic="ensue.events"} 1.0' in await running.metrics(port)
        assert await running.end() == 0
        [line] = running.lines_of("firing_decided")
    uid = approved().event_uid
    assert line["firing_id"] == str(firing_id(STUDIO, SCENES, uid, 0))
    assert (line["correlation_id"], line["trigger_id"], line["tenant"]) == (str(uid), str(SCENES), STUDIO)


@pytest.mark.requirement("R4.3")
async def test_killed_in_the_middle_it_leaves_no_event_undecided_and_no_firing_twofold(world: EvaluatorWorld) -> None:
    await world.save(listening())
    events = [approved(number) for number in range(EVENTS)]
    environment = {**_environment(world), "ENSUE_LOG_LEVEL": "warning"}
    async with service_process("evaluator", {**environment, "ENSUE_LOG_LEVEL": "info"}) as first:
        await first.ready()
        killed = asyncio.Event()
        publishing = asyncio.create_task(_publish_steadily(world, events, killed))
        await eventually(lambda: _fired(world, 1))
        await first.kill()
        killed.set()
        await publishing
    decided_before = len(await world.firings())
    async with service_process("evaluator", environment):
        expected = {firing_id(STUDIO, SCENES, event.event_uid, 0) for event in events}

        async def all_decided() -> None:
            assert {firing.firing_id for firing in await world.firings()} == expected

        await eventually(all_decided, within=60)
    assert decided_before < EVENTS
    ends = [0, 0]
    for record in await world.all_of(Topic.EVENTS):
        ends[record.partition] = max(ends[record.partition], record.offset + 1)
    for partition, end in enumerate(ends):
        receipts = [receipt for receipt in await world.receipts() if receipt.partition == partition]
        assert coverage(receipts, 0, end) == ()


async def test_with_postgres_away_it_is_degraded_and_at_work(world: EvaluatorWorld) -> None:
    await world.save(listening())
    environment = {**_environment(world), "ENSUE_DATABASE_URL": "postgres://ensue_evaluator@127.0.0.1:1/ensue"}
    async with service_process("evaluator", environment) as running:
        port = await running.ready()
        said = await running.health(port)
        assert said["status"] == "degraded"
        assert not said["components"]["database"]["ready"]
        await world.publish(of(approved()))
        await eventually(lambda: _fired(world, 1))


async def test_with_kafka_away_it_is_not_ready_and_says_why(world: EvaluatorWorld) -> None:
    environment = {**_environment(world), "ENSUE_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    async with service_process("evaluator", environment) as running:

        async def says_why() -> None:
            started = running.lines_of("health_serving")
            assert started
            said = await running.health(int(started[0]["port"]))
            assert said["status"] == "not_ready"
            assert not said["components"]["ruleset"]["ready"]
            assert said["components"]["ruleset"]["reason"]

        await eventually(says_why, within=30)
        assert await running.end() == 0


def _environment(world: EvaluatorWorld) -> dict[str, str]:
    return {
        "ENSUE_KAFKA_BOOTSTRAP": world.servers.kafka_bootstrap,
        "ENSUE_TOPIC_PREFIX": world.prefix,
        "ENSUE_DATABASE_URL": world.database.url("ensue_evaluator"),
        "ENSUE_DEFAULT_TENANT": STUDIO,
    }


async def _publish_steadily(world: EvaluatorWorld, events: Sequence[Event], killed: asyncio.Event) -> None:
    """So that the evaluator is at work when it is killed, however fast it is: the last tenth only after that."""
    for start in range(0, len(events), EVENTS // 20):
        if start >= len(events) * 9 // 10:
            await killed.wait()
        await world.publish(*map(of, events[start : start + EVENTS // 20]))


async def _fired(world: EvaluatorWorld, least: int) -> None:
    assert len(await world.firings()) >= least
