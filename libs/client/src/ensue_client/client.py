"""The client of the API: one method an operation, typed errors. Used by programs and by the commands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import quote
from uuid import UUID

import aiohttp

from ensue.core.errors import EnsueError
from ensue.core.json import Json, JsonObject
from ensue.runtime.ids import IdFactory, SystemIds
from ensue_client.bodies import body_of, content_of
from ensue_client.connection import Connection, find_connection
from ensue_client.errors import ApiUnavailable, Defect, NotFound, error_of
from ensue_client.events import NewEvent, Published

PREFIX = "/api/v1"
BATCH_TYPE = "application/cloudevents-batch+json"
JSON_TYPE = "application/json"
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.25
WHAT_TO_DO = "  Is that its address (ENSUE_API_URL)? Of a stack on this machine, `ensue dev status` says what runs."


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `next_cursor` asks for the one after it, None at the end."""

    items: Sequence[JsonObject]
    next_cursor: str | None = None


class Client:
    """Talks to one API with one key. Use it as an async context manager.

    publish_attempts: how often publishing is tried while the API is away; an event keeps its id, so it stays one event.
    """

    def __init__(self, connection: Connection, *, publish_attempts: int = 4, ids: IdFactory | None = None) -> None:
        self._connection = connection
        self._publish_attempts = publish_attempts
        self._ids = ids or SystemIds()
        self._http: aiohttp.ClientSession | None = None

    @classmethod
    def connect(cls, api_url: str | None = None, api_key: str | None = None) -> Self:
        """The API as said, else as the environment or the running stack of this folder names it."""
        return cls(find_connection(api_url, api_key))

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._connection.api_key}"},
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def publish(self, *events: NewEvent) -> Sequence[Published]:
        """Publish events; when this returns they are durable. Tries again, with the same ids, while the API is away."""
        documents = [event.document(str(self._ids.new())) for event in events]
        return await self.publish_documents(documents)

    async def publish_documents(self, documents: Sequence[JsonObject]) -> Sequence[Published]:
        """The same for CloudEvents in their JSON format, each with an id."""
        body = body_of(documents)
        pause = FIRST_PAUSE_SECONDS
        for _ in range(self._publish_attempts - 1):
            try:
                return await self._publish(body)
            except ApiUnavailable as away:
                await asyncio.sleep(away.retry_after or pause)
                pause *= 2
        return await self._publish(body)

    async def create_trigger(self, document: JsonObject) -> JsonObject:
        """Create a trigger; give back what was stored."""
        return _object(await self._send("POST", "/triggers", body=body_of(document)))

    async def trigger(self, trigger_id: UUID | str) -> JsonObject:
        """One trigger."""
        return _object(await self._send("GET", f"/triggers/{_part(trigger_id)}"))

    async def triggers(self, *, limit: int | None = None, cursor: str | None = None) -> Page:
        """A page of the triggers."""
        return _page(await self._send("GET", "/triggers", query=_query(limit=limit, cursor=cursor)))

    async def replace_trigger(self, trigger_id: UUID | str, document: JsonObject) -> JsonObject:
        """Give a trigger a new document; its revision grows by one."""
        return _object(await self._send("PUT", f"/triggers/{_part(trigger_id)}", body=body_of(document)))

    async def delete_trigger(self, trigger_id: UUID | str, *, in_flight: str | None = None) -> None:
        """Delete a trigger. in_flight: `cancel` (as by default) or `finish` what it has started."""
        await self._send("DELETE", f"/triggers/{_part(trigger_id)}", query=_query(in_flight=in_flight))

    async def enable_trigger(self, trigger_id: UUID | str) -> JsonObject:
        """Let a trigger fire, on what is published from now on."""
        return _object(await self._send("PATCH", f"/triggers/{_part(trigger_id)}/enable"))

    async def disable_trigger(self, trigger_id: UUID | str, *, in_flight: str | None = None) -> JsonObject:
        """Let a trigger fire no more. in_flight: `cancel` (as by default) or `finish` what it has started."""
        query = _query(in_flight=in_flight)
        return _object(await self._send("PATCH", f"/triggers/{_part(trigger_id)}/disable", query=query))

    async def validate_trigger(self, document: JsonObject) -> JsonObject:
        """What a save would say of a trigger, or of a condition alone (`{"where": ...}`); nothing is stored."""
        return _object(await self._send("POST", "/triggers/validate", body=body_of(document)))

    async def explain_trigger(
        self, trigger_id: UUID | str, event: JsonObject, *, revision: int | None = None, at: str | None = None
    ) -> JsonObject:
        """Why a trigger does or does not fire for an event, or for `{"event_uid": ...}` of the journal."""
        path, query = f"/triggers/{_part(trigger_id)}/explain", _query(revision=revision, at=at)
        return _object(await self._send("POST", path, query=query, body=body_of(event)))

    async def limits(self) -> JsonObject:
        """What this project has of what is capped."""
        return _object(await self._send("GET", "/triggers/limits"))

    async def calendars(self, *, limit: int | None = None, cursor: str | None = None) -> Page:
        """A page of the calendars, by name."""
        return _page(await self._send("GET", "/calendars", query=_query(limit=limit, cursor=cursor)))

    async def calendar(self, name: str) -> JsonObject:
        """One calendar."""
        return _object(await self._send("GET", f"/calendars/{_part(name)}"))

    async def put_calendar(self, name: str, document: JsonObject) -> JsonObject:
        """Create a calendar, or give it this content; the same content again changes nothing."""
        return _object(await self._send("PUT", f"/calendars/{_part(name)}", body=body_of(document)))

    async def delete_calendar(self, name: str) -> None:
        """Delete a calendar; refused while a trigger names it."""
        await self._send("DELETE", f"/calendars/{_part(name)}")

    async def log(self, **filters: str | int | None) -> Page:
        """A page of what fired and what was kept from it, newest first. `filters`: those of the API."""
        return _page(await self._send("GET", "/triggers/log", query=_query(**filters)))

    async def chain(self, correlation_id: UUID | str) -> JsonObject:
        """The tree of all that followed from one root event."""
        return _object(await self._send("GET", f"/chains/{_part(correlation_id)}"))

    async def _publish(self, body: bytes) -> Sequence[Published]:
        answer = _object(await self._send("POST", "/events", body=body, content_type=BATCH_TYPE))
        events = answer.get("events")
        if not isinstance(events, list):
            raise Defect("the API did not name the events that it took in")
        return [Published(str(e["id"]), UUID(e["event_uid"]), UUID(e["correlation_id"])) for e in events]

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON_TYPE,
    ) -> Json:
        if self._http is None:
            raise RuntimeError("use the client within `async with`")
        url = self._connection.api_url + PREFIX + path
        headers = {"Content-Type": content_type} if body is not None else {}
        try:
            asked = self._http.request(method, url, params=query, data=body, headers=headers, allow_redirects=False)
            async with asked as answer:
                return _answer(answer.status, await answer.read(), answer.headers.get("Retry-After", ""))
        except (aiohttp.ClientError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise ApiUnavailable(
                f"the API at {self._connection.api_url} does not answer: {why}\n{WHAT_TO_DO}"
            ) from error


async def trigger_names(client: Client, trigger_ids: Iterable[str]) -> Mapping[str, str]:
    """The names of triggers, by their ids; what has been deleted has none."""
    names: dict[str, str] = {}
    for trigger_id in set(trigger_ids):
        try:
            names[trigger_id] = str((await client.trigger(trigger_id)).get("name"))
        except NotFound:
            continue
    return names


def _answer(status: int, body: bytes, retry_after: str) -> Json:
    if status < 300:
        return _decoded(body) if body else None
    try:
        problem = _decoded(body)
    except EnsueError:
        problem = None
    raise error_of(status, problem if isinstance(problem, dict) else {}, retry_after)


def _decoded(body: bytes) -> Json:
    try:
        return content_of(body)
    except ValueError as error:
        raise Defect("the API's answer is not JSON: is this address an Ensue API?") from error


def _object(content: Json) -> JsonObject:
    if not isinstance(content, dict):
        raise Defect("the API's answer is not an object: is this address an Ensue API?")
    return content


def _page(content: Json) -> Page:
    page = _object(content)
    items, cursor = page.get("items"), page.get("next_cursor")
    if not isinstance(items, list):
        raise Defect("the API's answer is not a list: is this address an Ensue API?")
    return Page(items, cursor if isinstance(cursor, str) else None)


def _part(name: UUID | str) -> str:
    """A name or an id that people typed as one part of a path."""
    return quote(str(name), safe="")


def _query(**values: str | int | None) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}
