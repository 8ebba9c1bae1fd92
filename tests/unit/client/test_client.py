"""The client against a small HTTP server: what it sends, and what it makes of every kind of answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ensue.testing.ids import SequentialIds
from ensue_client import ApiUnavailable, Client, Connection, Defect, NewEvent, NotFound, Rejected

UID = "6f1d3c4e-2f0b-5a53-9d0e-6b1f5e2c7a10"
CHAIN = "0d5bd0c7-9a3b-5f0e-8a5a-0a6c1f9b7e11"
TAKEN = web.json_response
FAST = "0"


@dataclass
class Recorder:
    """A server that notes what it is asked and answers what the test laid out, then 202 with one event."""

    answers: list[tuple[int, object, dict[str, str]]] = field(default_factory=list)
    seen: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append((request.method, request.path_qs, request.content_type, await request.read()))
        self.keys.append(request.headers.get("Authorization", ""))
        status, body, headers = self.answers.pop(0) if self.answers else (202, taken("order-1"), {})
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return web.Response(status=status, body=raw, headers=headers)


def taken(event_id: str) -> object:
    return {"events": [{"id": event_id, "event_uid": UID, "correlation_id": CHAIN, "depth": 0}]}


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def client(recorder: Recorder) -> AsyncIterator[Client]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", recorder.answer)
    async with TestServer(app) as server:
        connection = Connection(str(server.make_url("")).rstrip("/"), "ens_a_b")
        async with Client(connection, publish_attempts=3, ids=SequentialIds()) as client:
            yield client


async def test_publishing_sends_a_batch_and_gives_back_the_chain(client: Client, recorder: Recorder) -> None:
    (published,) = await client.publish(NewEvent("variant.approved", "studio", id="order-1"))
    assert (published.id, published.event_uid, published.correlation_id) == ("order-1", UUID(UID), UUID(CHAIN))
    method, path, content_type, body = recorder.seen[0]
    assert (method, path, content_type) == ("POST", "/api/v1/events", "application/cloudevents-batch+json")
    assert orjson.loads(body) == [
        {"specversion": "1.0", "id": "order-1", "source": "studio", "type": "variant.approved"}
    ]
    assert recorder.keys == ["Bearer ens_a_b"]


async def test_an_event_keeps_its_id_while_the_api_is_away(client: Client, recorder: Recorder) -> None:
    recorder.answers = [(503, {"detail": "Kafka is away"}, {"Retry-After": FAST})] * 2
    await client.publish(NewEvent("variant.approved", "studio"))
    bodies = [body for *_, body in recorder.seen]
    assert len(bodies) == 3
    assert len(set(bodies)) == 1, "a repeated event must be the same event"


async def test_publishing_gives_up_in_the_end(client: Client, recorder: Recorder) -> None:
    recorder.answers = [(503, {"detail": "Kafka is away"}, {"Retry-After": FAST})] * 9
    with pytest.raises(ApiUnavailable, match="Kafka is away"):
        await client.publish(NewEvent("variant.approved", "studio"))
    assert len(recorder.seen) == 3


async def test_a_wrong_event_is_not_tried_again(client: Client, recorder: Recorder) -> None:
    recorder.answers = [(400, {"detail": "one fault", "errors": [{"pointer": "/0/source", "message": "is empty"}]}, {})]
    with pytest.raises(Rejected, match="/0/source: is empty"):
        await client.publish(NewEvent("variant.approved", ""))
    assert len(recorder.seen) == 1


async def test_operations_on_triggers_have_their_addresses(client: Client, recorder: Recorder) -> None:
    trigger = {"id": UID, "name": "a"}
    recorder.answers = (
        [(200, trigger, {})] * 5 + [(204, b"", {})] + [(200, {"items": [trigger], "next_cursor": "c"}, {})]
    )
    await client.create_trigger(trigger)
    await client.trigger(UID)
    await client.replace_trigger(UID, trigger)
    await client.enable_trigger(UID)
    await client.disable_trigger(UID, in_flight="finish")
    await client.delete_trigger(UID)
    page = await client.triggers(limit=2)
    assert (list(page.items), page.next_cursor) == ([trigger], "c")
    assert [(method, path) for method, path, *_ in recorder.seen] == [
        ("POST", "/api/v1/triggers"),
        ("GET", f"/api/v1/triggers/{UID}"),
        ("PUT", f"/api/v1/triggers/{UID}"),
        ("PATCH", f"/api/v1/triggers/{UID}/enable"),
        ("PATCH", f"/api/v1/triggers/{UID}/disable?in_flight=finish"),
        ("DELETE", f"/api/v1/triggers/{UID}"),
        ("GET", "/api/v1/triggers?limit=2"),
    ]


async def test_the_log_and_the_chain_are_asked_for(client: Client, recorder: Recorder) -> None:
    recorder.answers = [(200, {"items": [], "next_cursor": None}, {}), (200, {"roots": []}, {})]
    assert (await client.log(status="blocked", limit=5)).next_cursor is None
    assert await client.chain(CHAIN) == {"roots": []}
    assert [path for _, path, *_ in recorder.seen] == [
        "/api/v1/triggers/log?status=blocked&limit=5",
        f"/api/v1/chains/{CHAIN}",
    ]


async def test_an_id_is_one_part_of_its_address_whatever_it_holds(client: Client, recorder: Recorder) -> None:
    recorder.answers = [(200, {}, {})] * 8
    asked = "../keys?x=1#y"
    await client.trigger(asked)
    await client.replace_trigger(asked, {})
    await client.delete_trigger(asked)
    await client.enable_trigger(asked)
    await client.disable_trigger(asked)
    await client.explain_trigger(asked, {})
    await client.chain(asked)
    await client.calendar(asked)
    part = "..%2Fkeys%3Fx=1%23y"
    assert [path for _, path, *_ in recorder.seen] == [
        *[f"/api/v1/triggers/{part}"] * 3,
        *[f"/api/v1/triggers/{part}/{what}" for what in ("enable", "disable", "explain")],
        f"/api/v1/chains/{part}",
        f"/api/v1/calendars/{part}",
    ]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, {"detail": "There is no such chain."}, NotFound),
        (500, b"<html>", Defect),
        (200, b"<html>", Defect),
        (200, [], Defect),
        (404, b"", NotFound),
    ],
)
async def test_every_other_answer_is_a_typed_error(
    client: Client, recorder: Recorder, status: int, body: object, kind: type[Exception]
) -> None:
    recorder.answers = [(status, body, {})]
    with pytest.raises(kind):
        await client.chain(CHAIN)


async def test_nobody_there_is_unavailable() -> None:
    async with Client(Connection("http://127.0.0.1:1", "ens_a_b")) as client:
        with pytest.raises(ApiUnavailable, match=r"127\.0\.0\.1:1"):
            await client.chain(CHAIN)


async def test_a_redirect_is_not_followed(client: Client, recorder: Recorder) -> None:
    recorder.answers = [(302, b"", {"Location": "/elsewhere"})]
    with pytest.raises(Defect, match="302"):
        await client.create_trigger({"name": "a"})
    assert len(recorder.seen) == 1
