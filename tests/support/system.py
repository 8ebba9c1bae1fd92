"""A running system as a test sees it from outside: its API, its Kafka, its logs. Built by the fixtures of tests/e2e."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.support.eventually import eventually

from ensue.core.json import Json, JsonObject
from ensue_client import Client, Connection, NewEvent, NotFound
from ensue_devstack.dev_info import DevInfo

SOURCE = "urn:test:e2e"
SETTLES_WITHIN = 30.0

Node = Mapping[str, Any]


@dataclass(frozen=True)
class System:
    """All services, ready, on a database and topics of their own."""

    info: DevInfo
    logs: Path

    @property
    def connection(self) -> Connection:
        """The API and a key for it."""
        assert self.info.api_url is not None
        assert self.info.api_key is not None
        return Connection(self.info.api_url, self.info.api_key)

    def log_lines(self, service: str) -> Iterator[dict[str, Any]]:
        """What a service has logged."""
        for line in (self.logs / f"{service}.log").read_text(encoding="utf-8").splitlines():
            if line.startswith("{"):
                yield json.loads(line)


def fresh(word: str) -> str:
    """An event type that no other test uses."""
    return f"{word}.t{secrets.token_hex(6)}"


def trigger(name: str, on: str, *actions: JsonObject, **more: Json) -> JsonObject:
    """A trigger document: on events of one type, these actions."""
    return {"name": name, "when": {"event": {"types": [on]}}, "then": {"actions": list(actions)}, **more}


def emit(event_type: str) -> JsonObject:
    """An action that emits an event about the same subject."""
    return {"kind": "emit_event", "type": event_type, "subject": "{{ event.subject }}", "data": "{{ event.data }}"}


LOG: JsonObject = {"kind": "log", "message": "{{ event.type }}"}


async def publish(client: Client, event_type: str, *, subject: str = "thing-1", data: JsonObject | None = None) -> UUID:
    """Publish one event; its chain."""
    (published,) = await client.publish(NewEvent(event_type, SOURCE, subject=subject, data=data or {}))
    return published.correlation_id


async def settled_chain(client: Client, chain: UUID, firings: int) -> Node:
    """The chain, when it has settled with this number of firings."""

    async def look() -> Node:
        try:
            found: Node = await client.chain(chain)
        except NotFound as absent:
            raise AssertionError("nothing is recorded yet") from absent
        assert found["counts"]["firings"] == firings
        assert found["status"] == "settled"
        return found

    return await eventually(look, within=SETTLES_WITHIN)


async def log_rows(client: Client, chain: UUID, rows: int) -> Sequence[Node]:
    """The log of a chain, newest first, when it has this number of rows and none is pending."""

    async def look() -> Sequence[Node]:
        items = (await client.log(correlation_id=str(chain), limit=200)).items
        assert len(items) == rows
        assert all(row["status"] != "pending" for row in items)
        return items

    return await eventually(look, within=SETTLES_WITHIN)
