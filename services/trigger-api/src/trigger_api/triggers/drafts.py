"""From a document that a person wrote to a checked draft. Pure; called by `commands`, `queries` and `questions`.

Two fields of the document are not kept in it, because the server has a say in them: `project` must be the caller's
tenant, `enabled` is switched by operations of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

from ensue.actions.registry import PARAMS
from ensue.core.calendars import calendars_of
from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.json import JsonObject
from ensue.matching.indexability import why_not_indexed
from ensue.wire import strict_json
from ensue.wire.documents import DocumentInvalid, Fault, parse_trigger
from ensue.wire.oddities import Known, faults_of, warnings_of
from trigger_api.problems import FORBIDDEN, Problem
from trigger_api.triggers.rules import Draft, Stored, merged

FOREIGN_PROJECT: Final = Fault("/project", "is not the project of this key", "the key's own project, or none")
_NOT_KEPT: Final = frozenset({"project", "enabled"})


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another trigger of the same tenant, with its document as it is kept."""

    trigger_id: UUID
    name: str
    document: str


def draft_of(document: JsonObject, tenant: str, context: Context = NO_CONTEXT) -> Draft:
    """The draft; DocumentInvalid with every fault, a Problem (403) where it names the project of someone else.

    A condition that no event could ever fulfil is a fault. context: the calendars that there are, by name.
    """
    parsed = parse_trigger(document, action_params=PARAMS, context=context)
    impossible = faults_of(parsed)
    if impossible:
        raise DocumentInvalid(impossible)
    if parsed.project not in (None, tenant):
        raise Problem(FORBIDDEN, "The trigger names a project that this key does not open.", faults=[FOREIGN_PROJECT])
    return Draft(
        name=parsed.name,
        enabled=parsed.enabled if document.get("enabled") is not None else None,
        event_types=parsed.when.types,
        document={name: value for name, value in document.items() if name not in _NOT_KEPT},
        calendars=calendars_of(parsed.where),
    )


def patched(state: Stored, patch: JsonObject, context: Context) -> Draft:
    """The draft that a merge patch makes of what is kept."""
    base = {**state.document, "project": state.tenant, "enabled": state.enabled}
    document = merged(base, patch)
    assert isinstance(document, Mapping)  # noqa: S101 - a patch that is an object gives an object
    return draft_of(document, state.tenant, context)


def warnings_about(document: JsonObject, neighbours: Sequence[Neighbour]) -> list[Fault]:
    """What is odd about a document that is kept: a branch that adds nothing, a condition that others cover."""
    try:
        parsed = parse_trigger(document, action_params=None, context=None)
    except DocumentInvalid:  # of another version; it was switched or deleted
        return []
    return warnings_of(parsed, known_of(neighbours), why_not_indexed)


def known_of(neighbours: Sequence[Neighbour]) -> list[Known]:
    """The neighbours as triggers to compare with; one that this version cannot read is none."""
    known: list[Known] = []
    for each in neighbours:
        try:
            document = cast("JsonObject", strict_json.decode(each.document.encode()))
            parsed = parse_trigger(document, action_params=None, context=None)
        except DocumentInvalid:
            continue
        known.append(Known(f"trigger {each.trigger_id} ({each.name})", parsed))
    return known
