"""From a document that a person wrote to a checked draft. Pure; called by `commands`.

Two fields of the document are not kept in it, because the server has a say in them: `project` must be the caller's
tenant, `enabled` is switched by operations of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from ensue.actions.registry import PARAMS
from ensue.core.calendars import calendars_of
from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.json import JsonObject
from ensue.wire.documents import DocumentInvalid, Fault, parse_trigger
from ensue.wire.oddities import faults_of, warnings_of
from trigger_api.problems import FORBIDDEN, Problem
from trigger_api.triggers.rules import Draft, Stored, merged

_NOT_KEPT = frozenset({"project", "enabled"})


def draft_of(document: JsonObject, tenant: str, context: Context = NO_CONTEXT) -> Draft:
    """The draft; DocumentInvalid with every fault, a Problem (403) where it names the project of someone else.

    A condition that no event could ever fulfil is a fault. context: the calendars that there are, by name.
    """
    parsed = parse_trigger(document, action_params=PARAMS, context=context)
    impossible = faults_of(parsed)
    if impossible:
        raise DocumentInvalid(impossible)
    if parsed.project not in (None, tenant):
        fault = Fault("/project", "is not the project of this key", "the key's own project, or none")
        raise Problem(FORBIDDEN, "The trigger names a project that this key does not open.", faults=[fault])
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


def warnings_about(document: JsonObject) -> list[Fault]:
    """What is odd about a document that is kept: a branch that adds nothing, a condition that is always true."""
    return warnings_of(parse_trigger(document, action_params=None, context=None), [])
