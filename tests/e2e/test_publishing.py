"""Events come in over HTTP in three forms and straight through Kafka in two; what cannot be read harms nothing else."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer
from tests.support.eventually import eventually
from tests.support.system import LOG, SETTLES_WITHIN, System, fresh, log_rows, publish, trigger

from ensue.core.json import JsonObject
from ensue.kafka.names import physical
from ensue.kafka.tail import TopicTail
from ensue.postgres.database import Database
from ensue.wire.topics import Topic
from ensue_client import Client, NewEvent

ONE_ID = "the-same-id"
EVALUATED = """
SELECT count(*) FROM audit.v_event AS e
 WHERE e.type = $1 AND EXISTS (
     SELECT FROM audit.v_receipt AS r
      WHERE r.topic = e.topic AND r.partition = e.partition
        AND r.first_offset <= e."offset" AND e."offset" < r.next_offset)
"""


def document(event_type: str, event_id: str) -> JsonObject:
    return {
        "specversion": "1.0",
        "type": event_type,
        "source": "urn:test:modes",
        "id": event_id,
        "subject": "variant-7",
        "datacontenttype": "application/json",
        "data": {"score": 0.9},
    }


def binary_headers(event_type: str, event_id: str, prefix: str) -> dict[str, str]:
    named = {
        "specversion": "1.0",
        "type": event_type,
        "source": "urn:test:modes",
        "id": event_id,
        "subject": "variant-7",
    }
    return {"content-type": "application/json", **{prefix + name: value for name, value in named.items()}}


async def post(system: System, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    connection = system.connection
    authorized = {"Authorization": f"Bearer {connection.api_key}", **headers}
    async with (
        aiohttp.ClientSession(connection.api_url, headers=authorized) as session,
        session.post("/api/v1/events", data=body) as answer,
    ):
        return answer.status, await answer.json()


async def produce(system: System, value: bytes, headers: dict[str, str]) -> None:
    """Straight to the topic, with nothing of ours between."""
    producer = AIOKafkaProducer(bootstrap_servers=system.info.kafka_bootstrap)
    await producer.start()
    try:
        encoded = [(name, text.encode()) for name, text in headers.items()]
        await producer.send_and_wait(physical(Topic.EVENTS, system.info.topic_prefix), value, headers=encoded)
    finally:
        await producer.stop()


@pytest.mark.requirement("R2.3", "R2.8")
async def test_every_mode_fires_the_same_trigger_the_same_way(system: System, client: Client) -> None:
    event_type = fresh("variant.approved")
    saved = await client.create_trigger(trigger("in every mode", event_type, LOG))

    structured = json.dumps(document(event_type, "http-structured")).encode()
    batch = json.dumps([document(event_type, "http-batch-1"), document(event_type, "http-batch-2")]).encode()
    posts = [
        (structured, {"content-type": "application/cloudevents+json"}),
        (b'{"score": 0.9}', binary_headers(event_type, "http-binary", "ce-")),
        (batch, {"content-type": "application/cloudevents-batch+json"}),
    ]
    accepted = []
    for body, headers in posts:
        status, answer = await post(system, body, headers)
        assert status == 202, answer
        accepted += answer["events"]
    await produce(system, b'{"score": 0.9}', binary_headers(event_type, "kafka-binary", "ce_"))
    straight = json.dumps(document(event_type, "kafka-structured")).encode()
    await produce(system, straight, {"content-type": "application/cloudevents+json"})

    assert [event["id"] for event in accepted] == ["http-structured", "http-binary", "http-batch-1", "http-batch-2"]

    async def all_fired() -> None:
        rows = (await client.log(trigger_id=str(saved["id"]))).items
        assert {row["event_id"] for row in rows} == {
            *(event["id"] for event in accepted),
            "kafka-binary",
            "kafka-structured",
        }
        assert {(row["event_source"], row["event_subject"], row["status"]) for row in rows} == {
            ("urn:test:modes", "variant-7", "succeeded")
        }

    await eventually(all_fired, within=SETTLES_WITHIN)


@pytest.mark.requirement("R2.8")
async def test_ten_events_in_one_request_are_ten_evaluations(system: System) -> None:
    event_type = fresh("order.placed")
    body = json.dumps([document(event_type, str(number)) for number in range(10)]).encode()

    status, answer = await post(system, body, {"content-type": "application/cloudevents-batch+json"})

    assert (status, len(answer["events"])) == (202, 10)
    database = await Database.open(system.info.database_url, application_name="test")

    async def all_evaluated() -> None:
        async with database.connection() as connection:
            assert await connection.fetchval(EVALUATED, event_type) == 10

    try:
        await eventually(all_evaluated, within=SETTLES_WITHIN)
    finally:
        await database.close()


@pytest.mark.requirement("R2.21")
async def test_an_event_that_is_sent_twice_fires_once(client: Client) -> None:
    event_type, after = fresh("order.placed"), fresh("order.settled")
    saved = await client.create_trigger(trigger("once", event_type, LOG))
    await client.create_trigger(trigger("after it", after, LOG))
    twice = NewEvent(event_type, "urn:test:modes", subject="order-1", id=ONE_ID)
    first, second = await client.publish(twice), await client.publish(twice)
    assert first == second
    marker = await publish(client, after, subject="order-1")  # one subject, one partition: read after both

    await log_rows(client, marker, rows=1)

    assert len(await log_rows(client, first[0].correlation_id, rows=1)) == 1
    assert len((await client.log(trigger_id=str(saved["id"]))).items) == 1


@pytest.mark.requirement("R2.17")
async def test_garbage_becomes_a_dead_letter_and_the_next_event_is_read(system: System, client: Client) -> None:
    event_type = fresh("variant.approved")
    saved = await client.create_trigger(trigger("after garbage", event_type, LOG))
    garbage = b"\xff\x00 no event " + event_type.encode()
    await produce(system, garbage, {"content-type": "application/json", "x-mine": "kept"})
    chain = await publish(client, event_type)

    rows = await log_rows(client, chain, rows=1)

    assert rows[0]["trigger_id"] == saved["id"]
    tail = TopicTail(system.info.kafka_bootstrap, Topic.DEAD, system.info.topic_prefix)
    await tail.start()
    try:

        async def one_dead() -> None:
            dead.extend(await tail.catch_up())
            assert [record.value for record in dead].count(garbage) >= 1

        dead: list[Any] = []
        await eventually(one_dead)
    finally:
        await tail.stop()
    headers = dict(next(record for record in dead if record.value == garbage).headers)
    assert headers["x-mine"] == b"kept"
    assert headers["ensue-dead-reason"]
