"""The HTTP face of questions about triggers: /api/v1/triggers/validate, .../limits, .../{id}/explain."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request

from ensue.wire.asked_events import MAX_BYTES
from trigger_api import openapi, problems
from trigger_api.access import Caller
from trigger_api.bodies import JSON_TYPE, MAX_DOCUMENT_BYTES, read_object
from trigger_api.parameters import WithoutOptions
from trigger_api.ports import Outside
from trigger_api.questions import queries
from trigger_api.questions.models import ExplainAnswer, ExplainOptions, LimitsAnswer, ValidationAnswer
from trigger_api.triggers.examples import DOCUMENT, DOCUMENT_SCHEMA
from trigger_api.triggers.routes import TriggerId

router = APIRouter(prefix="/api/v1/triggers", tags=["triggers"])

EVENT_TYPE: Final = "application/cloudevents+json"
_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "title": "AskedEvent",
    "description": "A CloudEvent of which only the type must be there.",
    "required": ["type"],
    "properties": {
        "type": {"type": "string", "minLength": 1},
        "subject": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "data": {"description": "Any JSON, at most 256 KiB."},
    },
}
_JOURNALLED: Final[dict[str, Any]] = {
    "type": "object",
    "title": "JournalledEvent",
    "required": ["event_uid"],
    "additionalProperties": False,
    "properties": {"event_uid": {"type": "string", "format": "uuid"}},
}
_CONDITION: Final[dict[str, Any]] = {
    "type": "object",
    "title": "ConditionDocument",
    "required": ["where"],
    "additionalProperties": False,
    "properties": {
        "where": {"type": ["object", "null"], "description": "A condition tree."},
        "samples": {"type": "array", "items": _EVENT, "maxItems": 100},
    },
}
_TRIGGER: Final[dict[str, Any]] = {
    **DOCUMENT_SCHEMA,
    "title": "TriggerToValidate",
    "properties": {**DOCUMENT_SCHEMA["properties"], "samples": _CONDITION["properties"]["samples"]},
}
_EXPLAINED: Final[dict[str, Any]] = {
    "type": "variant.approved",
    "subject": "variant-42",
    "data": {"id": 42, "score": 0.79},
}
_VALIDATED: Final[dict[str, Any]] = {**DOCUMENT, "samples": [_EXPLAINED]}


@router.post(
    "/validate",
    operation_id="validate_trigger",
    summary="Check a trigger or a condition without saving it",
    responses=openapi.errors(problems.INVALID, problems.CONFLICT, problems.TOO_LARGE, problems.MEDIA),
    openapi_extra=openapi.body({JSON_TYPE: {"anyOf": [_TRIGGER, _CONDITION]}}, example=_VALIDATED),
)
async def validate_trigger(caller: Caller, ports: Outside, request: Request, _: WithoutOptions) -> ValidationAnswer:
    """200 with `valid` and all that is wrong, each with its place. With nothing but `where` it is a condition alone.

    A trigger is judged as a new one. Where the limit leaves no room, an edit of one that counts already is still taken.
    `samples`, up to 100 events, tell how often it would have fired.
    """
    document = await read_object(request, MAX_DOCUMENT_BYTES, JSON_TYPE)
    return await queries.validate(ports, caller.tenant, document)


@router.get(
    "/limits",
    operation_id="read_limits",
    summary="Read what is counted and capped",
    responses=openapi.errors(problems.INVALID),
)
async def read_limits(caller: Caller, ports: Outside, _: WithoutOptions) -> LimitsAnswer:
    """Enabled triggers that no index leads to are asked about every event of their types, so they are capped."""
    return await queries.limits(ports, caller.tenant)


@router.post(
    "/{trigger_id}/explain",
    operation_id="explain_trigger",
    summary="Explain why a trigger does or does not fire for an event",
    response_model_exclude_unset=True,
    responses=openapi.errors(
        problems.INVALID, problems.NOT_FOUND, problems.CONFLICT, problems.TOO_LARGE, problems.MEDIA
    ),
    openapi_extra=openapi.body({JSON_TYPE: {"anyOf": [_EVENT, _JOURNALLED]}, EVENT_TYPE: _EVENT}, example=_EXPLAINED),
)
async def explain_trigger(
    caller: Caller, ports: Outside, trigger_id: TriggerId, request: Request, asked: Annotated[ExplainOptions, Query()]
) -> ExplainAnswer:
    """Every test with what it wanted, what was there and its verdict, as the evaluator decides. Nothing is fired.

    The body is an event, or `{"event_uid": ...}` of one in the journal, which does not keep the targets of replays.
    """
    document = await read_object(request, MAX_BYTES, JSON_TYPE, EVENT_TYPE)
    return await queries.explain(ports.database, caller.tenant, trigger_id, asked, document)
