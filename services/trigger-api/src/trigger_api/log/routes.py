"""The HTTP face of the log: /api/v1/triggers/log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from trigger_api import openapi, problems
from trigger_api.access import Caller
from trigger_api.log.models import LogFilter, LogPage
from trigger_api.log.queries import read_log
from trigger_api.ports import Outside

router = APIRouter(prefix="/api/v1/triggers/log", tags=["log"])


@router.get("", operation_id="read_log", summary="Read the log", responses=openapi.errors(problems.INVALID))
async def log(caller: Caller, ports: Outside, asked: Annotated[LogFilter, Query()]) -> LogPage:
    """What the tenant's triggers did, newest first. Deleting a trigger removes nothing from it."""
    return await read_log(ports.database, caller.tenant, asked)
