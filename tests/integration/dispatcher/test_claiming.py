"""Claims: each due action to one worker, lanes in turn, nothing early, nothing over the limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from tests.integration.dispatcher.world import World, a_firing

from dispatcher.claims import ClaimStore
from dispatcher.limits import Limits

MARGIN = timedelta(seconds=15)


async def lanes(world: World, counts: dict[str, int]) -> None:
    """So many due actions for each host."""
    for number, (host, count) in enumerate(counts.items(), 1):
        trigger = UUID(int=number)
        await world.trigger({"kind": "webhook", "url": f"http://{host}/"}, trigger_id=trigger)
        await world.take_in(*(a_firing(each, trigger_id=trigger) for each in range(count)))


def by_host(claims: list[str]) -> dict[str, int]:
    return dict(Counter(lane.partition("/")[2] for lane in claims))


@pytest.mark.requirement("R4.12")
async def test_a_claim_leases_and_fences_and_writes_the_attempt(world: World) -> None:
    await lanes(world, {"a.example": 1})
    [claim] = await ClaimStore(world.database, "worker-1", MARGIN).claim({}, Limits(per_lane=10), 10)
    assert (claim.attempt, claim.fence, claim.lane) == (1, 1, "studio/a.example")
    [row] = await world.rows(
        "SELECT state, attempt, fence, extract(epoch FROM lease_until - clock_timestamp())::float8 AS lease"
        " FROM dispatch.action"
    )
    assert (row["state"], row["attempt"], row["fence"]) == ("running", 1, 1)
    assert 28 < row["lease"] <= 30
    attempts = await world.rows("SELECT attempt, fence, worker, result, ended_at FROM dispatch.attempt")
    assert attempts == [{"attempt": 1, "fence": 1, "worker": "worker-1", "result": "started", "ended_at": None}]


async def test_what_is_not_due_is_left(world: World) -> None:
    await lanes(world, {"a.example": 2})
    await world.admin.execute("UPDATE dispatch.action SET due_at = clock_timestamp() + interval '1 hour'")
    assert await ClaimStore(world.database, "worker-1", MARGIN).claim({}, Limits(per_lane=10), 10) == []


@pytest.mark.requirement("R4.7")
async def test_no_lane_gets_more_than_its_share_and_none_waits_for_another(world: World) -> None:
    await lanes(world, {"a.example": 20, "b.example": 3, "c.example": 20})
    store = ClaimStore(world.database, "worker-1", MARGIN)
    claims = await store.claim({"studio/a.example": 4, "studio/c.example": 9}, Limits(per_lane=5), 100)
    assert by_host([claim.lane for claim in claims]) == {"a.example": 1, "b.example": 3}


@pytest.mark.requirement("R4.7")
async def test_a_tenant_that_runs_all_it_may_leaves_room_for_the_others(world: World) -> None:
    """However many its targets are: each would be a lane with a share of its own."""
    await lanes(world, {"a.example": 9, "b.example": 9})
    await world.trigger({"kind": "log"}, trigger_id=UUID(int=99), tenant="atelier")
    await world.take_in(a_firing(1, trigger_id=UUID(int=99), tenant="atelier"))
    limits = Limits(per_lane=5, per_tenant=6)
    store = ClaimStore(world.database, "worker-1", MARGIN)
    busy = {"studio/x.example": 3, "studio/y.example": 3, "atelier/": 4}
    assert [claim.lane for claim in await store.claim(busy, limits, 100)] == ["atelier/"]
    del busy["studio/y.example"]
    assert {claim.lane for claim in await store.claim(busy, limits, 100)} == {"studio/a.example", "studio/b.example"}


async def test_lanes_are_served_in_turn(world: World) -> None:
    await lanes(world, {"a.example": 9, "b.example": 9, "c.example": 9})
    store = ClaimStore(world.database, "worker-1", MARGIN)
    turns = [by_host([claim.lane for claim in await store.claim({}, Limits(per_lane=3), 3)]) for _ in range(4)]
    assert turns == [{"a.example": 3}, {"b.example": 3}, {"c.example": 3}, {"a.example": 3}]


@pytest.mark.parametrize("lanes_at_once", [1, 2, 3, 4])
async def test_a_lane_behind_many_that_wait_is_found(world: World, lanes_at_once: int) -> None:
    await lanes(world, {"a.example": 1, "b.example": 1, "c.example": 1, "d.example": 1})
    await world.admin.execute(
        "UPDATE dispatch.action SET due_at = clock_timestamp() + interval '1 hour' WHERE lane <> 'studio/d.example'"
    )
    store = ClaimStore(world.database, "worker-1", MARGIN, lanes_at_once)
    assert [claim.lane for claim in await store.claim({}, Limits(per_lane=5), 5)] == ["studio/d.example"]
    assert await store.claim({}, Limits(per_lane=5), 5) == []


@pytest.mark.requirement("R4.12")
async def test_workers_that_claim_at_once_get_each_action_once(world: World) -> None:
    await lanes(world, {"a.example": 100, "b.example": 100})
    stores = [ClaimStore(world.database, f"worker-{number}", MARGIN) for number in range(4)]
    rounds = [await asyncio.gather(*(store.claim({}, Limits(per_lane=30), 60) for store in stores)) for _ in range(8)]
    ids = [claim.action_id for claims in rounds for found in claims for claim in found]
    assert (len(ids), len(set(ids))) == (200, 200)
    assert await world.rows("SELECT count(*) FROM dispatch.attempt") == [{"count": 200}]
