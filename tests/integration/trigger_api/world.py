"""The small world of these tests: a running API with its relay, two tenants with a key each, and eyes on Kafka."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp
from starlette.types import ASGIApp

from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.kafka.records import IncomingRecord
from ensue.kafka.tail import TopicTail
from ensue.postgres.database import Database
from ensue.postgres.outbox import Relay
from ensue.runtime.clock import SystemClock
from ensue.runtime.ids import SystemIds
from ensue.runtime.metrics import Metrics
from ensue.wire.topics import Topic
from trigger_api import server
from trigger_api.app import build_app
from trigger_api.keys.commands import insert_key
from trigger_api.keys.queries import KeyRing
from trigger_api.keys.rules import ApiKey, make_key
from trigger_api.ports import Ports
from trigger_api.sql import SCHEMA

ACME, GLOBEX = "acme", "globex"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - each test knows its document
        """The body, which is JSON."""
        return json.loads(self.text)

    @property
    def pointers(self) -> list[str]:
        """Where a problem document says that the faults are."""
        return [fault["pointer"] for fault in self.json["errors"]]


def revisions_said(records: list[IncomingRecord]) -> list[dict[str, Any]]:
    """The trigger revisions in records that are no tombstones."""
    return [json.loads(record.value) for record in records if record.value is not None]


def _stream(body: bytes | None) -> BytesIO | None:
    return None if body is None else BytesIO(body)


@dataclass(frozen=True)
class Client:
    """Speaks to the API with one key."""

    session: aiohttp.ClientSession
    url: str
    key: ApiKey | None

    async def call(
        self,
        method: str,
        path: str,
        document: object = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request: a JSON document or a raw body."""
        sent = dict(headers or {})
        if self.key is not None:
            sent.setdefault("Authorization", f"Bearer {self.key.text}")
        if document is not None:
            body = json.dumps(document).encode()
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(method, self.url + path, data=_stream(body), headers=sent) as response:
            return Answer(response.status, response.headers, await response.text())

    async def create(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A trigger that is in force."""
        answer = await self.call("POST", "/api/v1/triggers", document)
        assert answer.status == 201, answer.text
        created: dict[str, Any] = answer.json
        return created


@dataclass(frozen=True)
class World:
    """A running API."""

    url: str
    ports: Ports
    metrics: Metrics
    session: aiohttp.ClientSession
    bootstrap: str
    topic_prefix: str
    acme: Client
    globex: Client

    @property
    def database(self) -> Database:
        """The database as the API's role."""
        return self.ports.database

    async def client(self, tenant: str) -> Client:
        """Somebody with a fresh key of the tenant."""
        return self.stranger(await fresh_key(self.database, tenant))

    def stranger(self, key: ApiKey | None = None) -> Client:
        """Somebody without a key, or with a wrong one."""
        return Client(self.session, self.url, key)

    async def records(self, topic: Topic) -> list[IncomingRecord]:
        """Everything on the topic, partition by partition."""
        tail = TopicTail(self.bootstrap, topic, self.topic_prefix, deadline_seconds=30.0)
        await tail.start()
        try:
            return sorted(await tail.catch_up(), key=lambda record: (record.partition, record.offset))
        finally:
            await tail.stop()


@asynccontextmanager
async def running_api(
    database_url: str,
    bootstrap: str,
    topic_prefix: str,
    *,
    real_bootstrap: str | None = None,
    in_force_seconds: float = 10.0,
    publish_seconds: float = 10.0,
    max_unindexed: int = 500,
) -> AsyncIterator[World]:
    """The API on a free port, with its relay; `bootstrap` may be a way to Kafka that a test cuts.

    It waits longer than usual, so that a busy machine is no failure.
    """
    async with AsyncExitStack() as stack:
        database = await Database.open(database_url, application_name="api under test", max_size=10)
        stack.push_async_callback(database.close)
        metrics, clock = Metrics(), SystemClock()
        intake = await stack.enter_async_context(_publisher(bootstrap, topic_prefix, publish_seconds, metrics))
        outgoing = await stack.enter_async_context(_publisher(bootstrap, topic_prefix, 5.0, metrics))
        keys = KeyRing(database, clock, seconds=0.5)
        relay = Relay(database, outgoing, SCHEMA, metrics, clock)
        ports = Ports(
            database,
            intake,
            relay,
            keys,
            SystemIds(),
            in_force_seconds,
            publish_seconds,
            max_unindexed=max_unindexed,
        )
        url = await stack.enter_async_context(_serving(build_app(ports, metrics, clock), relay))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        acme, globex = [Client(session, url, await fresh_key(database, tenant)) for tenant in (ACME, GLOBEX)]
        yield World(url, ports, metrics, session, real_bootstrap or bootstrap, topic_prefix, acme, globex)


@asynccontextmanager
async def _publisher(
    bootstrap: str, topic_prefix: str, seconds: float, metrics: Metrics
) -> AsyncIterator[KafkaPublisher]:
    publisher = KafkaPublisher(PublisherConfig(bootstrap, topic_prefix, seconds, rebuilding=True), metrics)
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


@asynccontextmanager
async def _serving(app: ASGIApp, relay: Relay) -> AsyncIterator[str]:
    """The address of the application while it is served and the relay runs."""
    stopping = asyncio.Event()
    listener = server.listen("127.0.0.1", 0)
    tasks = [
        asyncio.create_task(relay.run(stopping)),
        asyncio.create_task(server.serve(app, listener, stopping, lambda: 3.0)),
    ]
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopping.set()
        await asyncio.gather(*tasks)


async def fresh_key(database: Database, tenant: str) -> ApiKey:
    """A new key of the tenant."""
    key = make_key(secrets.token_bytes(40))
    await insert_key(database, key, tenant=tenant, admin=False)
    return key


def trigger(**changes: object) -> dict[str, Any]:
    """A trigger's document: the least that is legal, and what the test cares about."""
    least = {
        "name": "Tell when a variant is approved",
        "when": {"event": {"types": ["variant.approved"]}},
        "then": {"actions": [{"kind": "log", "message": "approved"}]},
    }
    return {**least, **changes}


def event(number: int = 1, /, **changes: object) -> dict[str, Any]:
    """A CloudEvent as a structured request holds it."""
    least = {
        "specversion": "1.0",
        "id": f"approval-{number}",
        "source": "/studio",
        "type": "variant.approved",
        "data": {"score": 0.9},
    }
    return {**least, **changes}
