"""Calendars through the whole system: what is saved blocks or lets through the very next event, without any restart."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from tests.support.system import LOG, fresh, publish, settled_chain, trigger

from ensue.core.json import Json, JsonObject
from ensue.runtime.clock import SystemClock
from ensue_client import Client, Conflict

SAVES = 20
ZONE = "Asia/Tokyo"


def a_name() -> str:
    """A calendar that no other test uses."""
    return f"studio-freeze-{secrets.token_hex(4)}"


def around_now() -> list[Json]:
    """Days of which one is today, in whichever zone and however slow the machine."""
    today = SystemClock().now().date()
    first, last = (today + timedelta(days=number) for number in (-1, 2))
    return [{"from": first.isoformat(), "to": last.isoformat()}]


def unless_frozen(calendar: str) -> JsonObject:
    return {"not": {"field": "now", "op": "calendar", "value": {"name": calendar, "zone": ZONE}}}


async def fired(client: Client, event_type: str, expected: int) -> set[str]:
    """The triggers that fire for one event published now; so many."""
    chain: Any = await settled_chain(client, await publish(client, event_type), expected)
    return {str(firing["trigger_id"]) for firing in chain["roots"][0]["firings"]}


async def test_a_calendar_blocks_and_lets_through_each_next_event_20_times_in_a_row(client: Client) -> None:
    name, event_type = a_name(), fresh("variant.approved")
    await client.put_calendar(name, {"dates": []})
    asking = await client.create_trigger(trigger("unless frozen", event_type, LOG, where=unless_frozen(name)))
    always = await client.create_trigger(trigger("always", event_type, LOG))
    for number in range(SAVES):
        frozen = number % 2 == 0
        saved = await client.put_calendar(name, {"dates": around_now() if frozen else []})
        assert saved["in_force"] is True
        both = {str(always["id"]), *(() if frozen else (str(asking["id"]),))}
        assert await fired(client, event_type, len(both)) == both


async def test_a_calendar_that_a_trigger_asks_stays_until_it_asks_no_more(client: Client) -> None:
    name = a_name()
    await client.put_calendar(name, {"dates": around_now()})
    asking = await client.create_trigger(
        trigger("unless frozen", fresh("variant.approved"), LOG, where=unless_frozen(name))
    )
    with pytest.raises(Conflict, match="unless frozen"):
        await client.delete_calendar(name)
    await client.delete_trigger(str(asking["id"]))
    await client.delete_calendar(name)
    assert name not in [calendar["name"] for calendar in (await client.calendars(limit=200)).items]
