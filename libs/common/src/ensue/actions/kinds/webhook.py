"""webhook: POST to a fixed URL, signed as Standard Webhooks ask, with the chain in its headers.

`webhook-id` is the action's id on every attempt, so the receiver can tell a repetition; the timestamp is the attempt's.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Final

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from ensue.actions.addresses import ForbiddenAddress
from ensue.actions.egress import CallFailed
from ensue.actions.http_headers import MAX_HEADERS, chain_headers, checked_name, checked_value
from ensue.actions.kind import (
    ActionKind,
    Answer,
    CallContext,
    Failed,
    Fault,
    Ports,
    Post,
    Refused,
    Request,
    Result,
    Scope,
    Succeeded,
)
from ensue.actions.texts import clipped, json_text, plain_text
from ensue.actions.urls import checked_url, filled_url, host_of
from ensue.core.errors import InvalidValue
from ensue.core.outcome import Reason
from ensue.core.template import render

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_RETRY_AFTER: Final = timedelta(hours=1)
MAX_REFERENCE: Final = 200
RETRIED: Final = frozenset({408, 409, 425, 429})
_CONSTANT_HEADERS: Final = (
    ("content-type", "application/json"),
    ("accept-encoding", "identity"),
    ("user-agent", "Ensue/1"),
)


def _url(template: str) -> str:
    try:
        return checked_url(template)
    except InvalidValue as error:
        raise ValueError(str(error)) from None


def _header_name(name: str) -> str:
    try:
        return checked_name(name)
    except InvalidValue as error:
        raise ValueError(str(error)) from None


class WebhookParams(BaseModel):
    """Parameters of a webhook. Without `body` it is `{event, firing, trigger}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    url: Annotated[str, AfterValidator(_url)]
    headers: dict[Annotated[str, AfterValidator(_header_name)], str] = Field(
        default_factory=dict, max_length=MAX_HEADERS
    )
    body: JsonValue = None


class Webhook(ActionKind[WebhookParams]):
    """Calls a URL."""

    name = "webhook"
    params = WebhookParams

    def english(self, params: WebhookParams) -> str:
        """For people."""
        return f"posts to {params.url}"

    def plan(self, params: WebhookParams, scope: Scope) -> Request:
        """Freeze URL, headers and the very bytes of the body, so that every attempt sends the same."""
        body = json_text(render(params.body, scope) if "body" in params.model_fields_set else dict(scope))
        if len(body.encode()) > MAX_BODY_BYTES:
            raise InvalidValue(f"the body has more than {MAX_BODY_BYTES} bytes")
        headers = {
            name: checked_value(name, plain_text(render(value, scope))) for name, value in params.headers.items()
        }
        return {"url": filled_url(params.url, scope), "headers": headers, "body": body}

    def target(self, request: Request) -> str:
        """The host called."""
        return host_of(str(request["url"]))

    async def perform(self, request: Request, call: CallContext, ports: Ports) -> Result:
        """One attempt."""
        try:
            answer = await ports.http.post(call.tenant, self._post(request, call, ports), call.timeout)
        except ForbiddenAddress as error:
            return Refused(Reason.FORBIDDEN_ADDRESS, clipped(str(error)))
        except CallFailed as error:
            return Failed(error.fault, clipped(str(error)))
        return judged(answer, call.now)

    def _post(self, request: Request, call: CallContext, ports: Ports) -> Post:
        body = str(request["body"]).encode()
        own = request["headers"]
        assert isinstance(own, dict)  # noqa: S101 - as `plan` froze it
        signed = (
            ("webhook-id", str(call.action_id)),
            ("webhook-timestamp", str(int(call.now.timestamp()))),
            ("webhook-signature", ports.signer.sign(str(call.action_id), call.now, body)),
        )
        return Post(str(request["url"]), (*own.items(), *_CONSTANT_HEADERS, *chain_headers(call), *signed), body)


def judged(answer: Answer, now: datetime) -> Result:
    """What an answer means: 2xx done; 408, 409, 425, 429 and 5xx again later; everything else never."""
    if 200 <= answer.status < 300:
        return Succeeded(reference=_reference(answer), detail=str(answer.status))
    said = clipped(f"answered {answer.status}: {answer.body[:1024].decode('utf-8', 'replace')}".rstrip(": "))
    if answer.status in RETRIED or answer.status >= 500:
        return Failed(Fault.STATUS, said, retry_after(answer.headers.get("retry-after", ""), now))
    return Refused(Reason.REFUSED, said)


def retry_after(value: str, now: datetime) -> timedelta | None:
    """The patience that `Retry-After` asks for (seconds or a date, RFC 9110 10.2.3), at most an hour; None: none."""
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), MAX_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(timedelta(0), min(at - now, MAX_RETRY_AFTER))


def _reference(answer: Answer) -> str | None:
    location = answer.headers.get("content-location")
    named = location or _named(answer.body)
    return clipped(named, MAX_REFERENCE) if named else None


def _named(body: bytes) -> str | None:
    try:
        content: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    named = content.get("id") if isinstance(content, dict) else None
    return str(named) if isinstance(named, str | int) and not isinstance(named, bool) else None


KIND = Webhook()
