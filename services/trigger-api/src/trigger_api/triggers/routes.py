"""The HTTP face of triggers: /api/v1/triggers."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from trigger_api import openapi, problems
from trigger_api.access import Caller
from trigger_api.bodies import JSON_TYPE, MERGE_PATCH_TYPE, read_document
from trigger_api.parameters import WithoutOptions
from trigger_api.ports import Outside
from trigger_api.preconditions import condition_of, parameter, tagged
from trigger_api.problems import not_found
from trigger_api.triggers import commands, queries
from trigger_api.triggers.examples import DOCUMENT, DOCUMENT_SCHEMA, PATCH, PATCH_SCHEMA
from trigger_api.triggers.models import StopOptions, TriggerAnswer, TriggerFilter, TriggerPage
from trigger_api.triggers.rules import Switch

router = APIRouter(prefix="/api/v1/triggers", tags=["triggers"])

_CHANGE_ERRORS: Final = (problems.INVALID, problems.NOT_FOUND, problems.PRECONDITION)
_DOCUMENT_ERRORS: Final = (
    *_CHANGE_ERRORS,
    problems.FORBIDDEN,
    problems.LIMIT_REACHED,
    problems.CONFLICT,
    problems.TOO_LARGE,
    problems.MEDIA,
)
_IF_MATCH: Final = parameter("trigger")


def trigger_id_of(trigger_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    """The id in the path; what is no UUID names nothing."""
    try:
        return UUID(trigger_id)
    except ValueError:
        raise not_found("trigger") from None


TriggerId = Annotated[UUID, Depends(trigger_id_of)]


def target_of(trigger_id: TriggerId, request: Request) -> commands.Target:
    """The trigger that a change is for."""
    return commands.Target(trigger_id, condition_of(request))


Aim = Annotated[commands.Target, Depends(target_of)]
Stop = Annotated[StopOptions, Query()]


@router.post(
    "",
    operation_id="create_trigger",
    summary="Create a trigger",
    status_code=201,
    responses=openapi.errors(
        problems.INVALID,
        problems.FORBIDDEN,
        problems.LIMIT_REACHED,
        problems.CONFLICT,
        problems.TOO_LARGE,
        problems.MEDIA,
    ),
    openapi_extra=openapi.body({JSON_TYPE: DOCUMENT_SCHEMA}, example=DOCUMENT),
)
async def create_trigger(
    caller: Caller, ports: Outside, request: Request, response: Response, _: WithoutOptions
) -> TriggerAnswer:
    """Answers once Kafka has it (`in_force`: what is published from now on is decided by it) or after a second."""
    answer = await commands.create_trigger(ports, caller, await read_document(request, JSON_TYPE))
    response.headers["Location"] = f"{router.prefix}/{answer.id}"
    return tagged(response, answer)


@router.get("", operation_id="list_triggers", summary="List triggers", responses=openapi.errors(problems.INVALID))
async def list_triggers(
    caller: Caller, ports: Outside, response: Response, asked: Annotated[TriggerFilter, Query()]
) -> TriggerPage:
    """Newest first, a page at a time."""
    return await queries.list_triggers(ports.database, caller.tenant, asked)


@router.get(
    "/{trigger_id}",
    operation_id="read_trigger",
    summary="Read a trigger",
    responses=openapi.errors(problems.INVALID, problems.NOT_FOUND),
)
async def read_trigger(
    caller: Caller, ports: Outside, trigger_id: TriggerId, response: Response, _: WithoutOptions
) -> TriggerAnswer:
    """Its newest revision, which is also its ETag."""
    return tagged(response, await queries.read_trigger(ports.database, caller.tenant, trigger_id))


@router.put(
    "/{trigger_id}",
    operation_id="replace_trigger",
    summary="Replace a trigger",
    responses=openapi.errors(*_DOCUMENT_ERRORS),
    openapi_extra={"parameters": [_IF_MATCH], **openapi.body({JSON_TYPE: DOCUMENT_SCHEMA}, example=DOCUMENT)},
)
async def replace_trigger(
    caller: Caller, ports: Outside, target: Aim, request: Request, response: Response, stop: Stop
) -> TriggerAnswer:
    """The whole document anew. Left out, `enabled` stays as it is; every other field takes its default."""
    document = await read_document(request, JSON_TYPE)
    return tagged(response, await commands.replace_trigger(ports, caller, target, document, stop.in_flight))


@router.patch(
    "/{trigger_id}",
    operation_id="patch_trigger",
    summary="Change fields of a trigger",
    responses=openapi.errors(*_DOCUMENT_ERRORS),
    openapi_extra={
        "parameters": [_IF_MATCH],
        **openapi.body({MERGE_PATCH_TYPE: PATCH_SCHEMA, JSON_TYPE: PATCH_SCHEMA}, example=PATCH),
    },
)
async def patch_trigger(
    caller: Caller, ports: Outside, target: Aim, request: Request, response: Response, stop: Stop
) -> TriggerAnswer:
    """A JSON merge patch (RFC 7396): what is not named stays, null takes a field away."""
    patch = await read_document(request, MERGE_PATCH_TYPE, JSON_TYPE)
    return tagged(response, await commands.patch_trigger(ports, caller, target, patch, stop.in_flight))


@router.delete(
    "/{trigger_id}",
    operation_id="delete_trigger",
    summary="Delete a trigger",
    responses=openapi.errors(*_CHANGE_ERRORS),
    openapi_extra={"parameters": [_IF_MATCH]},
)
async def delete_trigger(caller: Caller, ports: Outside, target: Aim, stop: Stop) -> TriggerAnswer:
    """It is not found any more; its revisions and its log stay readable. Answers its last state."""
    return await commands.delete_trigger(ports, caller, target, stop.in_flight)


@router.patch(
    "/{trigger_id}/enable",
    operation_id="enable_trigger",
    summary="Enable a trigger",
    responses=openapi.errors(*_CHANGE_ERRORS, problems.LIMIT_REACHED),
    openapi_extra={"parameters": [_IF_MATCH]},
)
async def enable_trigger(
    caller: Caller, ports: Outside, target: Aim, response: Response, _: WithoutOptions
) -> TriggerAnswer:
    """It listens to what is published from now on. May be repeated."""
    return tagged(response, await commands.switch_trigger(ports, caller, target, Switch(enabled=True)))


@router.patch(
    "/{trigger_id}/disable",
    operation_id="disable_trigger",
    summary="Disable a trigger",
    responses=openapi.errors(*_CHANGE_ERRORS),
    openapi_extra={"parameters": [_IF_MATCH]},
)
async def disable_trigger(caller: Caller, ports: Outside, target: Aim, response: Response, stop: Stop) -> TriggerAnswer:
    """It fires no more, and its actions that have not begun are cancelled unless told to finish. May be repeated."""
    switch = Switch(enabled=False, in_flight=stop.in_flight)
    return tagged(response, await commands.switch_trigger(ports, caller, target, switch))
