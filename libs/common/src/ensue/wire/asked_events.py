"""Events that people ask about: a CloudEvent in its JSON format, of which only the type must be there.

Read by trigger-api for explanations and samples. Nothing is published, so what only our own topic may say is believed.
"""

from __future__ import annotations

from typing import Final

from ensue.core.event import Event
from ensue.core.json import Json
from ensue.wire.attributes import Intake, Problem, read_event
from ensue.wire.cloudevents import DEFAULT_MAX_DATA_BYTES
from ensue.wire.envelope import MAX_ATTRIBUTES_BYTES, read_members
from ensue.wire.faults import Faults, step

MAX_BYTES: Final = DEFAULT_MAX_DATA_BYTES + MAX_ATTRIBUTES_BYTES
FILLED_IN: Final = {"specversion": "1.0", "id": "asked", "source": "/asked"}


def asked_event(document: Json, tenant: str, faults: Faults, pointer: str = "") -> Event | None:
    """The event that a document describes, of this tenant; None, and why in `faults`, where it is none."""
    problems: list[Problem] = []
    members: Json = {**FILLED_IN, **document} if isinstance(document, dict) else document
    envelope = read_members(members, DEFAULT_MAX_DATA_BYTES, problems)
    event = None
    if envelope is not None:
        intake = Intake(trusted=True, tenant=tenant, one_tenant=True)
        event = read_event(envelope.attributes, envelope.data, intake, problems)
    for problem in problems:
        place = step(pointer, problem.attribute) if problem.attribute else pointer
        faults.add(place, problem.message, problem.expected)
    return event
