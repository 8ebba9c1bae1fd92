"""Triggers of a benchmark: saved through the real trigger-api, or many at once put on the topic as its relay does."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from tests.bench.events import EVENT_TYPE, TENANT
from tests.bench.scene import Scene, free_port, service

from ensue.core.json import Json, JsonObject
from ensue.runtime.clock import SystemClock
from ensue.wire.topics import OutgoingRecord
from ensue.wire.triggers import TriggerRecord, encode_trigger
from ensue_client import Client, Connection

LOGGED: JsonObject = {"actions": [{"kind": "log", "message": "matched"}]}
AT_ONCE = 8
BUCKETS = 10_000


def matching(share: float, then: JsonObject) -> JsonObject:
    """One trigger that matches `share` of the events."""
    where: JsonObject = {"all": [{"field": "data.bucket", "op": "lt", "value": round(share * BUCKETS)}]}
    return {"name": f"matches {share:.0%}", "when": {"event": {"types": [EVENT_TYPE]}}, "where": where, "then": then}


def sharing_the_type(count: int, share: float, then: JsonObject) -> list[JsonObject]:
    """Triggers of the events' own type, each with a condition of its own; one of them matches `share` of the events.

    Which means: each of `share` of the buckets has a trigger that asks for it, by equality, in a list or as a range;
    the others ask for values that no event has, or for a range together with a team that nobody is in.
    """
    asked = round(share * BUCKETS)
    wheres = [*map(_asking_for, range(asked)), *map(_asking_in_vain, range(asked, count))]
    when: JsonObject = {"event": {"types": [EVENT_TYPE]}}
    return [
        {"name": f"of one type {i}", "when": when, "where": {"all": where}, "then": then}
        for i, where in enumerate(wheres)
    ]


def _asking_for(bucket: int) -> list[Json]:
    match bucket % 3:
        case 0:
            return [{"field": "data.bucket", "op": "eq", "value": bucket}]
        case 1:
            return [{"field": "data.bucket", "op": "in", "value": [bucket, BUCKETS + bucket]}]
        case _:
            return [{"field": "data.bucket", "op": "between", "value": [bucket, bucket]}]


def _asking_in_vain(number: int) -> list[Json]:
    match number % 3:
        case 0:
            return [{"field": "data.variant_id", "op": "eq", "value": f"absent-{number}"}]
        case 1:
            absent: list[Json] = [f"absent-{number}-{i}" for i in range(10)]
            return [{"field": "data.variant_id", "op": "in", "value": absent}]
        case _:
            nobody: Json = {"field": "data.owner.team", "op": "eq", "value": f"absent-{number % 97}"}
            low = number % BUCKETS
            return [{"field": "data.bucket", "op": "between", "value": [low, low + 10]}, nobody]


def bystanders(count: int) -> list[JsonObject]:
    """Triggers of other event types: they are in the ruleset, and no event of the benchmark concerns them."""
    where: JsonObject = {"all": [{"field": "data.score", "op": "gte", "value": 0.5}]}
    then: JsonObject = {"actions": [{"kind": "log", "message": "seen"}]}
    return [
        {"name": f"bystander {i}", "when": {"event": {"types": [f"other.type{i}"]}}, "where": where, "then": then}
        for i in range(count)
    ]


async def save(place: Scene, documents: Sequence[JsonObject]) -> None:
    """Start a trigger-api, save `documents`, stop it again."""
    port = free_port()
    environment = {**place.environment("ensue_trigger_api"), "ENSUE_API_PORT": str(port)}
    key = await _make_key(environment)
    async with service("trigger_api", environment), Client(Connection(f"http://127.0.0.1:{port}", key)) as client:
        gate = asyncio.Semaphore(AT_ONCE)

        async def create(document: JsonObject) -> None:
            async with gate:
                await client.create_trigger(document)

        await asyncio.gather(*(create(document) for document in documents))


def long_ago() -> datetime:
    """Since when triggers are active that are to fire on every event of a benchmark."""
    return SystemClock().now() - timedelta(days=1)


def in_force(documents: Sequence[JsonObject]) -> Iterator[OutgoingRecord]:
    """The first revision of each."""
    since = long_ago()
    return (revision_of(document, number, 1, since) for number, document in enumerate(documents))


def revision_of(document: JsonObject, number: int, revision: int, since: datetime) -> OutgoingRecord:
    """A revision as trigger-api's relay publishes it; for benchmarks of so many that each save's transaction costs more
    than what is measured.
    """
    trigger_id = UUID(int=number, version=4)
    saved = TriggerRecord(
        trigger_id, TENANT, revision, enabled=True, active_since=since, created_at=since, document=document
    )
    return encode_trigger(saved)


async def _make_key(environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trigger_api", "create-key", "--tenant", TENANT, "--json",
        env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    key: str = orjson.loads(output.splitlines()[-1])["api_key"]
    return key
