"""Trigger documents: from what a person wrote to values of the core, or every fault at once.

`parse_trigger` is called by trigger-api at save, by `ensue check`, and (without looking into actions) by the evaluator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import BaseModel

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.tree import ALWAYS, Condition
from ensue.core.lineage import DEFAULT_MAX_CHAIN_DEPTH, HIGHEST_MAX_CHAIN_DEPTH
from ensue.core.trigger import Brakes, EventWhen, Then
from ensue.wire.actions import parse_then
from ensue.wire.attributes import TENANT_SYNTAX, is_tenant
from ensue.wire.conditions import parse_condition
from ensue.wire.faults import DocumentInvalid, Fault, Faults, step
from ensue.wire.sections import Section, refuse_unstorable, storable

__all__ = ["DocumentInvalid", "Fault", "ParsedTrigger", "parse_trigger"]

MAX_NAME: Final = 200
MAX_DESCRIPTION: Final = 5000
MAX_TYPES: Final = 100
MAX_TYPE: Final = 200
MAX_DELAY: Final = timedelta(days=365)
HIGHEST_SORT_ORDER: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ParsedTrigger:
    """What a trigger document says, its defaults filled in. `project` is None where it names none."""

    name: str
    description: str
    project: str | None
    enabled: bool
    when: EventWhen
    where: Condition
    then: Then
    delay: timedelta
    brakes: Brakes
    sort_order: int


def parse_trigger(
    document: object, *, action_params: Mapping[str, type[BaseModel]] | None, context: Context | None = NO_CONTEXT
) -> ParsedTrigger:
    """Read a trigger document; DocumentInvalid has all that is wrong with it.

    action_params: the fields of each known kind of action; None to take actions as they are.
    context: the calendars that its condition may name; None to take names as they are.
    """
    refused, faults = Faults(), Faults()
    refuse_unstorable(document, refused)
    if refused:
        document = storable(document)
    root = Section.of(document, "", faults)
    if root is None:
        refused.raise_any()
        raise DocumentInvalid([Fault("", "is not an object", "a trigger: name, when, where, then")])
    parsed = ParsedTrigger(
        name=root.text("name", MAX_NAME),
        description=root.text("description", MAX_DESCRIPTION, default="", lines=True),
        project=_project(root),
        enabled=root.flag("enabled", default=True),
        when=_when(root),
        where=_where(root, context),
        then=parse_then(root, action_params),
        delay=root.duration("delay", timedelta(0), MAX_DELAY, timedelta(0)),
        brakes=_brakes(root),
        sort_order=root.whole("sort_order", -HIGHEST_SORT_ORDER, HIGHEST_SORT_ORDER, 0),
    )
    root.refuse_unknown()
    refused.with_others(faults).raise_any()
    return parsed


def _project(root: Section) -> str | None:
    if not root.has("project"):
        return None
    project = root.members["project"]
    if not isinstance(project, str) or not is_tenant(project):
        root.fault("project", "is not the name of a project", TENANT_SYNTAX)
        return None
    return project


def _when(root: Section) -> EventWhen:
    nothing = EventWhen(types=())
    when = root.section("when", required=True)
    if when is None:
        return nothing
    event = when.section("event", required=True)
    when.refuse_unknown()
    if event is None:
        return nothing
    types = [
        _event_type(value, pointer, event.faults) for pointer, value in event.items("types", MAX_TYPES, "event types")
    ]
    entity_type = event.text("entity_type", MAX_TYPE, default="") or None
    event.refuse_unknown()
    return EventWhen(types=tuple(dict.fromkeys(types)), entity_type=entity_type)


def _event_type(value: object, pointer: str, faults: Faults) -> str:
    if isinstance(value, str) and 0 < len(value) <= MAX_TYPE and value.isprintable() and value == value.strip():
        return value
    faults.add(pointer, "is not an event type", f"a text of 1 to {MAX_TYPE} characters, such as variant.approved")
    return "?"


def _where(root: Section, context: Context | None) -> Condition:
    if not root.has("where") or root.members["where"] == {}:  # an answer of ours shows the default as {}
        return ALWAYS
    return parse_condition(root.members["where"], step(root.pointer, "where"), root.faults, context)


def _brakes(root: Section) -> Brakes:
    brakes = root.section("brakes", required=False)
    if brakes is None:
        return Brakes()
    max_chain_depth = brakes.whole("max_chain_depth", 1, HIGHEST_MAX_CHAIN_DEPTH, DEFAULT_MAX_CHAIN_DEPTH)
    brakes.refuse_unknown()
    return Brakes(max_chain_depth=max_chain_depth)
