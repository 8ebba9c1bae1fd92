"""Who saves a trigger and then publishes is never too early; where the rules come from when a server is away."""

from __future__ import annotations

import pytest
from tests.integration.evaluator.world import EvaluatorWorld, listening, now_saved
from tests.integration.postgres.cuttable import cuttable
from tests.support.eventually import eventually
from tests.unit.evaluator.studio import NOTIFY, SCENES, approved, of, saved

from ensue.core.errors import Unavailable
from ensue.core.firing import Firing
from ensue.kafka.records import IncomingRecord
from ensue.kafka.tail import TopicTail
from ensue.runtime.metrics import RULESET_DATABASE_FAILURES, RULESET_REPAIRS
from ensue.wire.records import decode_firing
from ensue.wire.topics import Topic

SAVES = 100
DEAD_ADDRESS = "postgres://ensue_evaluator@127.0.0.1:1/ensue"


@pytest.mark.requirement("R4.8")
async def test_an_event_published_right_after_a_save_is_decided_by_it_each_of_100_times(world: EvaluatorWorld) -> None:
    await world.save(listening(1))
    async with world.evaluating(), world.watching(Topic.FIRINGS) as firings:
        for revision in range(2, SAVES + 2):
            await world.save(listening(revision))
            await world.publish(of(approved(revision)))
            firing = await eventually(lambda: _next(firings))
            assert (firing.event.id, firing.revision) == (f"v-{revision}", revision)


async def test_a_trigger_deleted_before_the_event_does_not_fire(world: EvaluatorWorld) -> None:
    await world.save(listening(), now_saved(saved(NOTIFY)))
    async with world.evaluating():
        await world.publish(of(approved(1)))
        await eventually(lambda: _decided_by(world, [(SCENES.int, 1), (NOTIFY.int, 1)]))
        await world.delete(listening())
        await world.publish(of(approved(2)))
        await eventually(lambda: _decided_by(world, [(SCENES.int, 1), (NOTIFY.int, 1), (NOTIFY.int, 1)]))


async def test_rules_that_only_the_database_has_are_in_force_from_the_start(world: EvaluatorWorld) -> None:
    await world.put_into_database(listening(4))
    await world.put_into_database(now_saved(saved(NOTIFY, 2)), deleted=True)
    await world.save(listening(3), now_saved(saved(NOTIFY, 1)))
    await world.publish(of(approved()))
    async with world.evaluating():
        await eventually(lambda: _decided_by(world, [(SCENES.int, 4)]))


async def test_with_the_database_away_the_topic_alone_serves(world: EvaluatorWorld) -> None:
    await world.save(listening(3))
    await world.publish(of(approved()))
    async with world.evaluating(url=DEAD_ADDRESS) as running:
        await eventually(lambda: _decided_by(world, [(SCENES.int, 3)]))
        assert running.metrics.value(RULESET_DATABASE_FAILURES) == 1


async def test_reconciling_brings_what_the_topic_has_lost(world: EvaluatorWorld) -> None:
    await world.save(listening(1))
    async with cuttable(world.database.url("ensue_evaluator")) as (way, url), world.evaluating(url=url) as running:
        await world.put_into_database(listening(2))
        await way.cut()
        with pytest.raises(Unavailable):
            await running.rules.reconcile()
        await way.mend()
        await running.rules.reconcile()
        assert running.metrics.value(RULESET_REPAIRS) == 1
        await world.publish(of(approved()))
        await eventually(lambda: _decided_by(world, [(SCENES.int, 2)]))


async def _next(tail: TopicTail) -> Firing:
    [record] = await _some(tail)
    return decode_firing(record.value)


async def _some(tail: TopicTail) -> list[IncomingRecord]:
    records = await tail.catch_up()
    assert records, "nothing new"
    return records


async def _decided_by(world: EvaluatorWorld, expected: list[tuple[int, int]]) -> None:
    decided = [(firing.trigger_id.int, firing.revision) for firing in await world.firings()]
    assert sorted(decided) == sorted(expected)
