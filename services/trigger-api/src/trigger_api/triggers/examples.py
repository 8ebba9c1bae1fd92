"""A trigger's document as the OpenAPI document shows it. `ensue.wire.documents` checks what is really sent."""

from __future__ import annotations

from typing import Any, Final

DOCUMENT: Final[dict[str, Any]] = {
    "name": "Generate scenes when a variant is approved",
    "when": {"event": {"types": ["variant.approved"], "entity_type": "variant"}},
    "where": {"all": [{"field": "data.score", "op": "gte", "value": 0.8}]},
    "then": {
        "actions": [{"kind": "emit_event", "type": "scenes.requested", "data": {"variant": "{{ event.data.id }}"}}]
    },
    "delay": "5m",
    "brakes": {"max_chain_depth": 5},
}
PATCH: Final[dict[str, Any]] = {"description": "Only for good ones.", "delay": None}

_FIELDS: Final[dict[str, Any]] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": {"type": ["string", "null"]},
    "project": {"type": ["string", "null"], "description": "The key's own tenant; left out means the same."},
    "enabled": {"type": ["boolean", "null"]},
    "when": {"type": "object", "description": "Exactly one kind of cause."},
    "where": {"type": ["object", "null"], "description": "A condition tree of all, any, not and tests."},
    "then": {"type": "object", "description": "mode, and at least one action."},
    "delay": {"type": ["number", "string", "null"], "description": "Seconds, or a text such as 5m."},
    "brakes": {"type": ["object", "null"]},
    "sort_order": {"type": ["integer", "null"]},
}
DOCUMENT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": "TriggerDocument",
    "required": ["name", "when", "then"],
    "additionalProperties": False,
    "properties": _FIELDS,
}
PATCH_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": "TriggerPatch",
    "additionalProperties": False,
    "properties": {name: {"description": "As in the document; null takes it away."} for name in _FIELDS},
}
