"""The token of an assignment, and how long a rebalance waits for the batch in hand."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError
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
    done, _ = await asyncio.wait({revoking}, timeout=0.05)
    assert not done
    assert assignment.token == before
    idle.set()
    await revoking
    assert assignment.token != before


async def test_a_revocation_does_not_wait_for_ever() -> None:
    assignment = Assignment(asyncio.Event(), 0.01, Metrics())
    before = assignment.token
    await eventually(lambda: assignment.on_partitions_revoked([PLACE]))
    assert assignment.token != before


async def test_a_commit_that_outlives_its_assignment_is_given_up() -> None:
    """The client would repeat it in the group's next generation, when the partitions may be somebody else's."""
    idle = asyncio.Event()
    idle.set()
    assignment = Assignment(idle, 1.0, Metrics())
    repeated = asyncio.create_task(asyncio.Event().wait())

    async def client_that_repeats_until_the_broker_takes_it() -> None:
        await repeated

    committing = asyncio.create_task(assignment.while_unchanged(client_that_repeats_until_the_broker_takes_it()))
    await asyncio.sleep(0)
    await assignment.on_partitions_revoked([PLACE])
    async with asyncio.timeout(5.0):
        assert await committing is False
    await eventually(lambda: _cancelled(repeated))


async def test_a_commit_under_an_unchanged_assignment_counts_and_its_failure_is_the_callers() -> None:
    assignment = Assignment(asyncio.Event(), 1.0, Metrics())

    async def taken() -> None: ...

    async def refused() -> None:
        raise CommitFailedError

    assert await assignment.while_unchanged(taken()) is True
    with pytest.raises(CommitFailedError):
        await assignment.while_unchanged(refused())


def _cancelled(task: asyncio.Task[Literal[True]]) -> None:
    assert task.cancelled()
