"""Events that are about to be published: read as the API reads them, so that what it would refuse is not sent.

Which tenant they may name is known to the API alone.

Called by `ensue publish`, which is stricter about the type and the source that somebody typed: what has a space there
is a slip, and no producer's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ensue.core.event import DEFAULT_TENANT
from ensue.core.json import JsonObject
from ensue.wire.attributes import Intake, Problem, read_event
from ensue.wire.cloudevents import DEFAULT_MAX_DATA_BYTES
from ensue.wire.envelope import read_members
from ensue.wire.faults import Faults, step

TYPE_EXPECTED: Final = "a name without spaces, such as variant.approved"
SOURCE_EXPECTED: Final = "a URI without spaces, such as /studio/approvals or urn:example:shop; other signs as %20"
_INTAKE: Final = Intake(trusted=False, tenant=DEFAULT_TENANT)
_URI: Final = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")


def require_typed(event_type: str, source: str) -> None:
    """DocumentInvalid where a type or a source is none that somebody would type on purpose."""
    faults = Faults()
    if not event_type or not event_type.isprintable() or any(map(str.isspace, event_type)):
        faults.add("/type", "is no type of events", TYPE_EXPECTED)
    if not _URI.fullmatch(source):
        faults.add("/source", "is no source of events", SOURCE_EXPECTED)
    faults.raise_any()


def require_publishable(documents: Sequence[JsonObject]) -> None:
    """DocumentInvalid with all that the API would refuse of these events; a pointer begins with the event's number."""
    faults = Faults()
    for index, document in enumerate(documents):
        place = step("", index) if len(documents) > 1 else ""
        for problem in _problems(document):
            pointer = step(place, problem.attribute) if problem.attribute else place
            faults.add(pointer, problem.message, problem.expected)
    faults.raise_any()


def _problems(document: JsonObject) -> Sequence[Problem]:
    found: list[Problem] = []
    envelope = read_members(document, DEFAULT_MAX_DATA_BYTES, found)
    if envelope is not None:
        read_event(envelope.attributes, envelope.data, _INTAKE, found)
    return found
