"""Conditions that are wrong are refused when a trigger is saved, each with its place in the document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tests.integration.trigger_api.world import World, running_api, trigger

from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.servers import Servers

EXISTS = {"field": "data.a", "op": "exists"}


@pytest_asyncio.fixture
async def world(servers: Servers, database: ScratchDatabase, topic_prefix: str) -> AsyncIterator[World]:
    """An API with Kafka and PostgreSQL in good health."""
    async with running_api(database.url("ensue_trigger_api"), servers.kafka_bootstrap, topic_prefix) as running:
        yield running


def nested(levels: int) -> dict[str, Any]:
    """A condition of so many levels."""
    condition: dict[str, Any] = EXISTS
    for _ in range(levels - 1):
        condition = {"not": condition}
    return condition


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown operator": ({"any": [EXISTS, {"field": "data.a", "op": "equals", "value": 1}]}, "/where/any/1/op"),
    "wrong value type": ({"not": {"field": "data.a", "op": "gt", "value": [1]}}, "/where/not/value"),
    "depth over 32": (nested(33), "/where" + "/not" * 32),
    "over 500 tests": ({"all": [EXISTS] * 501}, "/where/all/500"),
    "a regex that RE2 refuses": ({"field": "data.a", "op": "regex", "value": r"(a)\1"}, "/where/value"),
    "a regex over 512 bytes": ({"field": "data.a", "op": "regex", "value": "a" * 513}, "/where/value"),
    "too many stars": ({"all": [{"field": "data.a", "op": "wildcard", "value": "*a" * 9}]}, "/where/all/0/value"),
    "CEL that is not bool": ({"all": [{"cel": '"a" + "b"'}]}, "/where/all/0/cel"),
    "no path": ({"field": "data..a", "op": "exists"}, "/where/field"),
}


@pytest.mark.requirement("R3.16")
async def test_each_is_answered_with_400_and_its_path(world: World) -> None:
    for what, (where, pointer) in WRONG.items():
        answer = await world.acme.call("POST", "/api/v1/triggers", trigger(where=where))
        assert (answer.status, answer.pointers) == (400, [pointer]), (what, answer.text)
    for where in (nested(32), {"all": [EXISTS] * 500}, {"cel": 'event.type == "x"'}):
        answer = await world.acme.call("POST", "/api/v1/triggers", trigger(where=where))
        assert answer.status == 201, answer.text


@pytest.mark.requirement("R3.11")
async def test_every_kind_of_condition_comes_back_as_it_was_given(world: World) -> None:
    where = {
        "all": [
            {"field": r"data.a\.b", "op": "eq", "value": 1.0, "quantifier": "every"},
            {"any": [{"field": "now", "op": "weekday", "value": ["Sat", "sun"]}, {"not": EXISTS}]},
            {"field": "length(data.tags)", "op": "gte", "value_of": "data.least"},
            {"field": "data.at", "op": "within_last", "value": "1h30m"},
        ]
    }
    created = await world.acme.call("POST", "/api/v1/triggers", trigger(where=where))
    assert created.status == 201, created.text
    got = await world.acme.call("GET", f"/api/v1/triggers/{created.json['id']}")
    assert got.json["where"] == where
