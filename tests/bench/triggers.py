"""Triggers of a benchmark, saved through the real trigger-api so that every service meets them as in production."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

import orjson
from tests.bench.events import EVENT_TYPE, TENANT
from tests.bench.scene import Scene, free_port, service

from ensue.core.json import JsonObject
from ensue_client import Client, Connection

AT_ONCE = 8
BUCKETS = 10_000


def matching(share: float, then: JsonObject) -> JsonObject:
    """One trigger that matches `share` of the events."""
    where: JsonObject = {"all": [{"field": "data.bucket", "op": "lt", "value": round(share * BUCKETS)}]}
    return {"name": f"matches {share:.0%}", "when": {"event": {"types": [EVENT_TYPE]}}, "where": where, "then": then}


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


async def _make_key(environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trigger_api", "create-key", "--tenant", TENANT, "--json",
        env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    key: str = orjson.loads(output.splitlines()[-1])["api_key"]
    return key
