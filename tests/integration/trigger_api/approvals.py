"""A condition on approvals of variants, an event that nearly fulfils it, one that does; and how it is explained."""

from __future__ import annotations

from typing import Any

from tests.integration.trigger_api.world import World

TRIGGERS = "/api/v1/triggers"
WHERE = {
    "all": [
        {"field": "data.project_id", "op": "eq", "value": 7},
        {"any": [
            {"field": "data.score", "op": "gte", "value": 0.8},
            {"field": "data.tags", "op": "contains", "value": "rush"},
        ]},
        {"not": {"field": "subject", "op": "starts_with", "value": "test-"}},
    ]
}  # fmt: skip
NEAR = {
    "type": "variant.approved",
    "subject": "v-1",
    "data": {"project_id": 7, "score": 0.79, "tags": ["slow"]},
}
HIGH = {**NEAR, "data": {"project_id": 7, "score": 0.8}}


async def explained(world: World, trigger_id: str, event: object, query: str = "") -> dict[str, Any]:
    """An explanation."""
    answer = await world.acme.call("POST", f"{TRIGGERS}/{trigger_id}/explain{query}", event)
    assert answer.status == 200, answer.text
    shown: dict[str, Any] = answer.json
    return shown
