"""The HTTP face of chains: /api/v1/chains/{correlation_id}."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from trigger_api import openapi, problems
from trigger_api.access import Caller
from trigger_api.chains.models import Chain
from trigger_api.chains.queries import read_chain
from trigger_api.parameters import WithoutOptions
from trigger_api.ports import Outside
from trigger_api.problems import not_found

router = APIRouter(prefix="/api/v1/chains", tags=["chains"])


@router.get(
    "/{correlation_id}",
    operation_id="read_chain",
    summary="Read a chain",
    responses=openapi.errors(problems.INVALID, problems.NOT_FOUND),
)
async def chain(
    caller: Caller,
    ports: Outside,
    correlation_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})],
    _: WithoutOptions,
) -> Chain:
    """The tree of all that followed from one root event: its firings, their actions, and the events of those."""
    try:
        wanted = UUID(correlation_id)
    except ValueError:
        raise not_found("chain") from None
    return await read_chain(ports.database, caller.tenant, wanted)
