"""Events over HTTP: three modes, their place in a chain, and what Kafka has of them afterwards."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from tests.integration.trigger_api.rows import named, rows_of
from tests.integration.trigger_api.world import ACME, GLOBEX, World, event
from tests.support.eventually import eventually

from ensue.core import ids
from ensue.testing.publishing import RecordingPublisher
from ensue.wire.http_events import decode_http
from ensue.wire.topics import Topic
from ensue_devstack.databases import ScratchDatabase
from trigger_api.events.commands import accept_events

STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


async def test_one_event_in_structured_mode(world: World) -> None:
    body = json.dumps(event(subject="variant-1")).encode()
    answer = await world.acme.call("POST", "/api/v1/events", body=body, headers=STRUCTURED)
    assert answer.status == 202, answer.text
    uid = str(ids.event_uid(ACME, "/studio", "approval-1"))
    assert answer.json == {"events": [{"id": "approval-1", "event_uid": uid, "correlation_id": uid, "depth": 0}]}
    [record] = await world.records(Topic.EVENTS)
    headers = dict(record.headers)
    assert (headers["ce_id"], headers["ce_tenant"], headers["ce_chaindepth"]) == (b"approval-1", b"acme", b"0")
    assert headers["ce_correlationid"] == uid.encode()
    assert record.key == b"acme/variant-1"
    assert record.value == b'{"score":0.9}'


async def test_one_event_in_binary_mode(world: World) -> None:
    headers = {
        "Content-Type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "approval-2",
        "ce-source": "/studio",
        "ce-type": "variant.approved",
        "ce-chaindepth": "4",
    }
    answer = await world.acme.call("POST", "/api/v1/events", body=b'{"score": 1}', headers=headers)
    assert answer.status == 202, answer.text
    [record] = await world.records(Topic.EVENTS)
    assert dict(record.headers)["ce_chaindepth"] == b"4"
    assert record.value == b'{"score":1}'


@pytest.mark.requirement("R2.8")
async def test_ten_events_in_one_request(world: World) -> None:
    body = json.dumps([event(number) for number in range(10)]).encode()
    answer = await world.acme.call("POST", "/api/v1/events", body=body, headers=BATCH)
    assert answer.status == 202, answer.text
    assert [accepted["id"] for accepted in answer.json["events"]] == [f"approval-{number}" for number in range(10)]
    sent = sorted(dict(record.headers)["ce_id"] or b"" for record in await world.records(Topic.EVENTS))
    assert sent == [f"approval-{number}".encode() for number in range(10)]


async def test_one_faulty_event_of_a_batch_is_named_and_none_is_published(world: World) -> None:
    batch = [event(number) for number in range(4)]
    del batch[2]["id"]
    batch[3]["chaindepth"] = -1
    answer = await world.acme.call("POST", "/api/v1/events", body=json.dumps(batch).encode(), headers=BATCH)
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.pointers) == {"/2/id", "/3/chaindepth"}
    assert await world.records(Topic.EVENTS) == []


@pytest.mark.requirement("R6.4")
async def test_an_outsider_cannot_lower_the_depth_of_what_an_action_caused(
    world: World, database: ScratchDatabase
) -> None:
    async with rows_of(database, ACME) as rows:
        await rows.dispatched("call", firing="fired", depth=6)
    claims = {"causationid": str(named("call")), "correlationid": str(named("a chain of its own"))}
    batch = [event(1, **claims, chaindepth=0), event(2, **claims), event(3, **claims, chaindepth=30), event(4)]
    answer = await world.acme.call("POST", "/api/v1/events", body=json.dumps(batch).encode(), headers=BATCH)
    assert answer.status == 202, answer.text
    assert [accepted["depth"] for accepted in answer.json["events"]] == [7, 7, 30, 0]
    assert [accepted["correlation_id"] for accepted in answer.json["events"][:3]] == [str(named("root"))] * 3
    sent = [dict(record.headers) for record in await world.records(Topic.EVENTS)]
    depths = {headers["ce_id"]: headers["ce_chaindepth"] for headers in sent}
    assert depths == {b"approval-1": b"7", b"approval-2": b"7", b"approval-3": b"30", b"approval-4": b"0"}


async def test_an_action_of_another_tenant_says_nothing_about_depth(world: World, database: ScratchDatabase) -> None:
    async with rows_of(database, GLOBEX) as rows:
        await rows.dispatched("call", firing="fired", depth=6)
    body = json.dumps(event(causationid=str(named("call")))).encode()
    answer = await world.acme.call("POST", "/api/v1/events", body=body, headers=STRUCTURED)
    assert (answer.status, answer.json["events"][0]["depth"]) == (202, 0)


WRONG_EVENTS: list[tuple[dict[str, object], str]] = [
    ({"id": None}, "/id"),
    ({"source": ""}, "/source"),
    ({"specversion": "0.3"}, "/specversion"),
    ({"chaindepth": -1}, "/chaindepth"),
    ({"chaindepth": "abc"}, "/chaindepth"),
    ({"chaindepth": 10**30}, "/chaindepth"),
    ({"tenant": GLOBEX}, "/tenant"),
    ({"source": "ensue://scheduler"}, "/source"),
    ({"replayno": 1}, "/replayno"),
    ({"targets": str(named("trigger"))}, "/targets"),
    ({"mode": "test"}, "/mode"),
    ({"data": "x" * 262_143}, "/data"),
]
NO_EVENTS: list[tuple[int, bytes, dict[str, str]]] = [
    (400, b"not json", STRUCTURED),
    (400, b'{"id": "\xff"}', STRUCTURED),
    (400, b"[]", BATCH),
    (400, b"", STRUCTURED),
    (413, b'{"data": "' + b"x" * 1_200_000, STRUCTURED),
    (415, b"<event/>", {"Content-Type": "application/cloudevents+xml"}),
    (415, b"{}", {"Content-Type": "application/json"}),
    (415, b"{}", {**STRUCTURED, "Content-Encoding": "gzip"}),
]


async def test_a_wrong_event_is_refused_with_its_place(world: World) -> None:
    for changes, pointer in WRONG_EVENTS:
        body = json.dumps(event(1, **changes)).encode()
        answer = await world.acme.call("POST", "/api/v1/events", body=body, headers=STRUCTURED)
        assert (answer.status, answer.pointers) == (400, [pointer]), answer.text
    assert await world.records(Topic.EVENTS) == []


async def test_what_is_no_event_is_refused(world: World) -> None:
    for status, body, headers in NO_EVENTS:
        answer = await world.acme.call("POST", "/api/v1/events", body=body, headers=headers)
        shape = (answer.status, answer.headers["Content-Type"])
        assert shape == (status, "application/problem+json"), (body[:50], answer.text)
    assert await world.records(Topic.EVENTS) == []


async def test_an_event_is_answered_only_when_it_is_acknowledged(world: World) -> None:
    kafka = RecordingPublisher()
    kafka.hold()
    events = decode_http(STRUCTURED, json.dumps(event()).encode(), tenant=ACME)
    accepting = asyncio.create_task(accept_events(replace(world.ports, publisher=kafka), ACME, events))

    def handed_over() -> None:
        assert kafka.calls == [1]

    await eventually(handed_over)
    assert not accepting.done()
    kafka.release()
    assert [accepted.id for accepted in (await accepting).events] == ["approval-1"]
