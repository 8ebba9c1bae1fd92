"""Documents of triggers that the tests of this folder change and read: the least, and one with everything."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, JsonValue

from ensue.wire.documents import ParsedTrigger, parse_trigger
from ensue.wire.faults import DocumentInvalid, Fault


class Post(BaseModel):
    """An action with a required, an optional and a free field."""

    model_config = ConfigDict(extra="forbid", strict=True)
    url: str
    headers: dict[str, str] = {}  # pydantic copies it
    body: JsonValue = None


PARAMS = {"post": Post}
MINIMAL: dict[str, Any] = {
    "name": "Generate scenes",
    "when": {"event": {"types": ["variant.approved"]}},
    "then": {"actions": [{"kind": "post", "url": "https://studio.example"}]},
}
FULL: dict[str, Any] = {
    "name": "Generate scenes when a variant is approved",
    "description": "All of project 7.\nUnless it is a test.",
    "project": "studio",
    "enabled": False,
    "when": {"event": {"types": ["variant.approved", "variant.failed"], "entity_type": "variant"}},
    "where": {
        "all": [
            {"field": "data.project_id", "op": "eq", "value": 7},
            {"any": [{"field": "data.score", "op": "gte", "value": 0.8}, {"field": "data.tags", "op": "exists"}]},
            {"not": {"field": "subject", "op": "starts_with", "value": "test-"}},
        ]
    },
    "then": {
        "mode": "parallel",
        "actions": [
            {
                "kind": "post",
                "url": "https://studio.example",
                "body": {"v": "{{ event.data.variant_id }}"},
                "timeout": "5s",
                "retry": {"max_attempts": 3, "initial": 2, "maximum": "1h", "multiplier": 3},
            },
            {"kind": "post", "url": "https://other.example"},
        ],
    },
    "delay": "1h30m",
    "brakes": {"max_chain_depth": 3},
    "sort_order": -5,
}


def parsed(document: object) -> ParsedTrigger:
    """The document as the API reads it."""
    return parse_trigger(document, action_params=PARAMS)


def faults_of(document: object) -> tuple[Fault, ...]:
    """What the API finds wrong."""
    with pytest.raises(DocumentInvalid) as error:
        parsed(document)
    return error.value.faults


def changed(*path: str | int, to: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    """The full document with one value replaced."""
    document = copy.deepcopy(FULL)
    inner: Any = document
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    return document
