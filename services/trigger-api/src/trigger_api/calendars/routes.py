"""The HTTP face of calendars: /api/v1/calendars."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from ensue.wire.calendars import NAME_SYNTAX, is_calendar_name
from ensue.wire.faults import Fault
from trigger_api import openapi, problems
from trigger_api.access import Caller
from trigger_api.bodies import JSON_TYPE, read_document
from trigger_api.calendars import commands, queries
from trigger_api.calendars.models import (
    DOCUMENT,
    DOCUMENT_SCHEMA,
    NAME_PATTERN,
    CalendarAnswer,
    CalendarFilter,
    CalendarPage,
)
from trigger_api.parameters import WithoutOptions
from trigger_api.ports import Outside
from trigger_api.preconditions import condition_of, parameter, tagged
from trigger_api.problems import invalid, not_found

router = APIRouter(prefix="/api/v1/calendars", tags=["calendars"])

_IF_MATCH: Final = parameter("calendar")
Name = Annotated[str, Path(json_schema_extra={"pattern": NAME_PATTERN})]


def target_of(name: Name, request: Request) -> commands.Target:
    """The calendar that a change is for."""
    return commands.Target(name, condition_of(request), must_exist="if-match" in request.headers)


Aim = Annotated[commands.Target, Depends(target_of)]


@router.get("", operation_id="list_calendars", summary="List calendars", responses=openapi.errors(problems.INVALID))
async def list_calendars(caller: Caller, ports: Outside, asked: Annotated[CalendarFilter, Query()]) -> CalendarPage:
    """By name, a page at a time."""
    return await queries.list_calendars(ports.database, caller.tenant, asked)


@router.get(
    "/{name}",
    operation_id="read_calendar",
    summary="Read a calendar",
    responses=openapi.errors(problems.INVALID, problems.NOT_FOUND),
)
async def read_calendar(
    caller: Caller, ports: Outside, name: Name, response: Response, _: WithoutOptions
) -> CalendarAnswer:
    """Its newest revision, which is also its ETag."""
    if not is_calendar_name(name):
        raise not_found("calendar")
    return tagged(response, await queries.read_calendar(ports.database, caller.tenant, name))


@router.put(
    "/{name}",
    operation_id="put_calendar",
    summary="Put a calendar",
    responses={
        201: {"description": "It is new.", "model": CalendarAnswer},
        **openapi.errors(problems.INVALID, problems.PRECONDITION, problems.TOO_LARGE, problems.MEDIA),
    },
    openapi_extra={"parameters": [_IF_MATCH], **openapi.body({JSON_TYPE: DOCUMENT_SCHEMA}, example=DOCUMENT)},
)
async def put_calendar(
    caller: Caller, ports: Outside, target: Aim, request: Request, response: Response, _: WithoutOptions
) -> CalendarAnswer:
    """Create it (201) or replace its content. May be repeated: the same content is the same revision.

    Answers once Kafka has it (`in_force`: what is published from now on is decided by it) or after a second.
    """
    if not is_calendar_name(target.name):
        raise invalid([Fault("/path/name", "is not the name of a calendar", NAME_SYNTAX)])
    document = await read_document(request, JSON_TYPE)
    answer, is_new = await commands.put_calendar(ports, caller, target, document)
    if is_new:
        response.status_code = 201
        response.headers["Location"] = f"{router.prefix}/{answer.name}"
    return tagged(response, answer)


@router.delete(
    "/{name}",
    operation_id="delete_calendar",
    summary="Delete a calendar",
    responses=openapi.errors(problems.INVALID, problems.NOT_FOUND, problems.PRECONDITION, problems.CONFLICT),
    openapi_extra={"parameters": [_IF_MATCH]},
)
async def delete_calendar(caller: Caller, ports: Outside, target: Aim, _: WithoutOptions) -> CalendarAnswer:
    """Refused (409) while a trigger names it, be it disabled; then `errors` has these triggers."""
    if not is_calendar_name(target.name):
        raise not_found("calendar")
    return await commands.delete_calendar(ports, caller, target)
