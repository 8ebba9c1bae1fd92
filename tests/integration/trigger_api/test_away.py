"""When Kafka or PostgreSQL is away: what is answered, how soon, and what happens when it comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.integration.postgres.cuttable import CuttableWay, cuttable
from tests.integration.trigger_api.world import World, event, revisions_said, running_api, trigger
from tests.support.eventually import eventually

from ensue.wire.topics import Topic
from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.servers import Servers

STRUCTURED = {"Content-Type": "application/cloudevents+json"}


@pytest_asyncio.fixture
async def way_to_kafka(servers: Servers) -> AsyncIterator[CuttableWay]:
    """A way to Kafka, closed until it is mended: to the API Kafka is away."""
    host, _, port = servers.kafka_bootstrap.partition(":")
    way = CuttableWay(host, int(port))
    await way.mend()
    await way.cut()
    yield way
    await way.cut()


@pytest_asyncio.fixture
async def cut_off(
    servers: Servers, database: ScratchDatabase, topic_prefix: str, way_to_kafka: CuttableWay
) -> AsyncIterator[World]:
    """An API that cannot reach Kafka yet."""
    url, bootstrap = database.url("ensue_trigger_api"), f"127.0.0.1:{way_to_kafka.port}"
    async with running_api(
        url,
        bootstrap,
        topic_prefix,
        real_bootstrap=servers.kafka_bootstrap,
        in_force_seconds=0.3,
        publish_seconds=0.5,
    ) as world:
        yield world


async def publish(world: World, number: int = 1) -> int:
    body = json.dumps(event(number)).encode()
    return (await world.acme.call("POST", "/api/v1/events", body=body, headers=STRUCTURED)).status


@pytest.mark.requirement("R1.25")
async def test_three_saves_with_kafka_away_arrive_in_order_afterwards(
    cut_off: World, way_to_kafka: CuttableWay
) -> None:
    created = await cut_off.acme.create(trigger(name="First"))
    assert created["in_force"] is False
    path = f"/api/v1/triggers/{created['id']}"
    for name in ("Second", "Third"):
        assert (await cut_off.acme.call("PUT", path, trigger(name=name))).json["in_force"] is False
    assert (await cut_off.acme.call("GET", path)).json["in_force"] is False
    await way_to_kafka.mend()

    async def in_force() -> None:
        assert (await cut_off.acme.call("GET", path)).json["in_force"] is True

    await eventually(in_force, within=30.0)
    said = revisions_said(await cut_off.records(Topic.TRIGGERS))
    assert [(each["revision"], each["document"]["name"]) for each in said] == [
        (1, "First"),
        (2, "Second"),
        (3, "Third"),
    ]


async def test_with_kafka_away_an_event_is_refused_soon_and_taken_when_repeated(
    cut_off: World, way_to_kafka: CuttableWay
) -> None:
    body = json.dumps(event()).encode()
    async with asyncio.timeout(5):
        answer = await cut_off.acme.call("POST", "/api/v1/events", body=body, headers=STRUCTURED)
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "same ids" in answer.json["detail"]
    await way_to_kafka.mend()

    async def taken() -> None:
        assert await publish(cut_off) == 202

    await eventually(taken, within=30.0)
    records = await cut_off.records(Topic.EVENTS)
    assert {dict(record.headers)["ce_id"] for record in records} == {b"approval-1"}


async def test_with_postgresql_away_everything_is_503_and_it_comes_back(
    servers: Servers, database: ScratchDatabase, topic_prefix: str
) -> None:
    async with (
        cuttable(database.url("ensue_trigger_api")) as (way, url),
        running_api(url, servers.kafka_bootstrap, topic_prefix) as world,
    ):
        created = await world.acme.create(trigger())
        await way.cut()

        async def away() -> None:
            answer = await world.acme.call("GET", f"/api/v1/triggers/{created['id']}")
            assert answer.status == 503
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert "Retry-After" in answer.headers
            assert "127.0.0.1" not in answer.text

        await eventually(away)
        await way.mend()

        async def back() -> None:
            assert (await world.acme.call("GET", f"/api/v1/triggers/{created['id']}")).status == 200

        await eventually(back)
