"""The token of an assignment, and how long a rebalance waits for the batch in hand."""

from __future__ import annotations

import asyncio

from aiokafka import TopicPartition
from tests.support.eventually import eventually

from ensue.kafka.assignment import Assignment
from ensue.runtime.metrics import REBALANCES, Metrics

PLACE = TopicPartition("ensue.events", 0)


async def test_the_token_changes_with_every_revocation_and_every_assignment() -> None:
    idle, metrics = asyncio.Event(), Metrics()
    idle.set()
    assignment = Assignment(idle, 1.0, metrics)
    tokens = [assignment.token]
    for _ in range(2):
        changed = assignment.changed
        await assignment.on_partitions_revoked([PLACE])
        assert assignment.partitions is None
        assert changed.done()
        tokens.append(assignment.token)
        await assignment.on_partitions_assigned([PLACE])
        assert assignment.partitions == {PLACE}
        tokens.append(assignment.token)
    assert len(set(tokens)) == 5
    assert metrics.value(REBALANCES) == 2


async def test_a_revocation_waits_for_the_batch_in_hand() -> None:
    idle = asyncio.Event()
    assignment = Assignment(idle, 60.0, Metrics())
    before = assignment.token
    revoking = asyncio.create_task(assignment.on_partitions_revoked([PLACE]))
    await assignment.revoking.wait()
    assert assignment.token == before
    idle.set()
    await revoking
    assert assignment.token != before


async def test_a_revocation_does_not_wait_for_ever() -> None:
    assignment = Assignment(asyncio.Event(), 0.01, Metrics())
    before = assignment.token
    await eventually(lambda: assignment.on_partitions_revoked([PLACE]))
    assert assignment.token != before
