"""emit_event: publish an event one deeper in the same chain.

It goes out through the dispatcher's outbox in the transaction that finishes the action. Its id is the action's, so a
repetition is the same event; its source is the trigger's, which nobody outside can use.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from ensue.actions.kind import ActionKind, CallContext, Ports, Request, Result, Scope, Succeeded
from ensue.actions.texts import plain_text
from ensue.core.errors import InvalidValue
from ensue.core.event import Event
from ensue.core.ids import event_uid
from ensue.core.template import render
from ensue.wire.attributes import entity_type_of
from ensue.wire.headers import SYSTEM_SOURCE_PREFIX

MAX_SUBJECT = 1024
_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}\Z")


def _event_type(value: str) -> str:
    if not _TYPE.match(value):
        raise ValueError("must be 1 to 200 letters, digits, dots, dashes, such as variant.approved; no template")
    return value


class EmitEventParams(BaseModel):
    """Parameters of an emitted event. The type is fixed when the trigger is saved; subject and data are templates."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    type: Annotated[str, AfterValidator(_event_type)]
    subject: Annotated[str, Field(min_length=1, max_length=MAX_SUBJECT)] | None = None
    data: JsonValue = None


class EmitEvent(ActionKind[EmitEventParams]):
    """Publishes an event."""

    name = "emit_event"
    params = EmitEventParams

    def english(self, params: EmitEventParams) -> str:
        """For people."""
        return f"emits {params.type}"

    def plan(self, params: EmitEventParams, scope: Scope) -> Request:
        """Freeze subject and data. A subject that is a placeholder for nothing is no subject."""
        rendered = None if params.subject is None else render(params.subject, scope)
        subject = None if rendered is None else plain_text(rendered)
        if subject is not None and not 0 < len(subject) <= MAX_SUBJECT:
            raise InvalidValue(f"the subject must become a text of 1 to {MAX_SUBJECT} characters")
        return {"type": params.type, "subject": subject, "data": render(params.data, scope)}

    async def perform(self, request: Request, call: CallContext, ports: Ports) -> Result:
        """Nothing outside is called: the event rides on the success."""
        source = f"{SYSTEM_SOURCE_PREFIX}{call.tenant}/triggers/{call.trigger_id}"
        event_id = str(call.action_id)
        event_type = str(request["type"])
        subject = request["subject"]
        event = Event(
            event_uid=event_uid(call.tenant, source, event_id),
            tenant=call.tenant,
            id=event_id,
            source=source,
            type=event_type,
            lineage=call.lineage,
            subject=subject if isinstance(subject, str) else None,
            time=call.now,
            entity_type=entity_type_of(event_type),
            data=request["data"],
        )
        return Succeeded(reference=event_id, emits=event)


KIND = EmitEvent()
