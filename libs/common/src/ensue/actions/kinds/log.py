"""log: write one structured line and succeed. It holds nothing of the event unless the message asks for it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ensue.actions.kind import ActionKind, CallContext, Ports, Request, Result, Scope, Succeeded
from ensue.actions.texts import clipped, plain_text
from ensue.core.template import render


class LogParams(BaseModel):
    """Parameters of a log line."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    message: Annotated[str, Field(min_length=1, max_length=1000)] = "trigger {{ trigger.name }} fired"


class Log(ActionKind[LogParams]):
    """Writes to the log of the dispatcher."""

    name = "log"
    params = LogParams

    def english(self, params: LogParams) -> str:
        """For people."""
        return f'logs "{params.message}"'

    def plan(self, params: LogParams, scope: Scope) -> Request:
        """Freeze the line."""
        return {"message": clipped(plain_text(render(params.message, scope)))}

    async def perform(self, request: Request, call: CallContext, ports: Ports) -> Result:
        """Write it."""
        ports.journal.write(str(request["message"]), call)
        return Succeeded()


KIND = Log()
