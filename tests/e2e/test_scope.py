"""Scope and conditions are one tree: both must hold, and an explanation names the one that does not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.system import LOG, fresh, publish, settled_chain, trigger

from ensue.core.json import Json, JsonObject
from ensue_client import Client

SCOPE: list[Json] = [
    {"field": "data.character_id", "op": "eq", "value": 7},
    {"field": "data.scene_type_id", "op": "eq", "value": 2},
    {"field": "data.filters.mood", "op": "in", "value": ["calm", "tense"]},
]
CONDITION: JsonObject = {"any": [{"field": "data.score", "op": "gte", "value": 0.8}]}
WHERE: JsonObject = {"all": [{"all": SCOPE}, CONDITION]}
INSIDE: JsonObject = {"character_id": 7, "scene_type_id": 2, "filters": {"mood": "calm"}, "score": 0.9}


@pytest.mark.requirement("R3.1")
@pytest.mark.requirement("R3.2")
@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({}, []),
        ({"character_id": 8}, ["character_id is 7"]),
        ({"filters": {"mood": "loud"}}, ['filters.mood is "calm" or "tense"']),
        ({"score": 0.7}, ["score is at least 0.8"]),
        ({"character_id": 8, "score": 0.7}, ["character_id is 7", "score is at least 0.8"]),
    ],
    ids=["both hold", "another character", "another filter", "the condition fails", "both fail"],
)
async def test_a_trigger_fires_inside_its_scope_alone_and_explain_names_what_was_not_so(
    client: Client, changed: JsonObject, missed: list[str]
) -> None:
    event_type, data = fresh("scene.planned"), {**INSIDE, **changed}
    scoped = await client.create_trigger(trigger("scoped", event_type, LOG, where=WHERE))
    await client.create_trigger(trigger("always", event_type, LOG))  # tells when the event has been decided
    chain: Any = await settled_chain(client, await publish(client, event_type, data=data), 1 if missed else 2)
    fired = {str(firing["trigger_id"]) for firing in chain["roots"][0]["firings"]}
    assert (str(scoped["id"]) in fired) is not bool(missed)
    explained: Any = await client.explain_trigger(str(scoped["id"]), {"type": event_type, "data": data})
    assert [miss["sentence"] for miss in explained["nearest_miss"]] == missed
