"""The HTTP face of event intake: POST /api/v1/events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request

from ensue.core.event import Event
from ensue.wire.documents import DocumentInvalid
from ensue.wire.http_events import decode_http
from trigger_api import openapi, problems
from trigger_api.access import Caller
from trigger_api.bodies import MAX_EVENTS_BYTES, read_body
from trigger_api.events.commands import accept_events
from trigger_api.events.models import AcceptedEvents
from trigger_api.parameters import WithoutOptions
from trigger_api.ports import Outside
from trigger_api.problems import Problem

router = APIRouter(prefix="/api/v1/events", tags=["events"])

_CONTENT_TYPE: Final = "/headers/content-type"

_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "title": "CloudEvent",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "minLength": 1},
        "type": {"type": "string", "minLength": 1},
        "subject": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "data": {"description": "Any JSON, at most 256 KiB."},
        "correlationid": {"type": "string", "format": "uuid"},
        "causationid": {"type": "string", "format": "uuid"},
        "chaindepth": {"type": "integer", "minimum": 0},
    },
}
_EXAMPLE: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "approval-17",
    "source": "/studio/approvals",
    "type": "variant.approved",
    "subject": "variant-42",
    "data": {"id": 42, "score": 0.91},
}


@router.post(
    "",
    operation_id="publish_events",
    summary="Publish events",
    status_code=202,
    responses=openapi.errors(problems.INVALID, problems.TOO_LARGE, problems.MEDIA),
    openapi_extra=openapi.body(
        {
            "application/cloudevents+json": _EVENT,
            "application/cloudevents-batch+json": {"type": "array", "items": _EVENT},
            "application/json": {"description": "The data alone; the attributes are headers: ce-id, ce-source, ..."},
        },
        example=_EXAMPLE,
    ),
)
async def publish_events(caller: Caller, ports: Outside, request: Request, _: WithoutOptions) -> AcceptedEvents:
    """One CloudEvent (structured or binary) or a batch of them; answers once Kafka has acknowledged all.

    Repeating a request is safe: an event is known by its source and id.
    """
    body = await read_body(request, MAX_EVENTS_BYTES)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
    return await accept_events(ports, caller.tenant, _decoded(headers, body, caller.tenant))


def _decoded(headers: Sequence[tuple[str, str]], body: bytes, tenant: str) -> tuple[Event, ...]:
    try:
        return decode_http(headers, body, tenant=tenant)
    except DocumentInvalid as error:
        if all(fault.pointer == _CONTENT_TYPE for fault in error.faults):
            detail = "The content type is not that of a CloudEvent in JSON."
            raise Problem(problems.MEDIA, detail, faults=error.faults) from None
        raise
