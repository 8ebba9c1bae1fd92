"""Chains: what follows from one event is one tree, one deeper with each step, and it ends."""

from __future__ import annotations

from collections import Counter
from typing import cast

import pytest
from tests.support.eventually import eventually
from tests.support.system import LOG, System, emit, fresh, log_rows, publish, settled_chain, trigger

from ensue.kafka.tail import TopicTail
from ensue.wire.topics import Topic
from ensue_client import Client


@pytest.mark.requirement("R6.12", "R5.6")
async def test_three_steps_are_one_tree(client: Client) -> None:
    first, second, third = fresh("brief.approved"), fresh("variant.ready"), fresh("scenes.completed")
    await client.create_trigger(trigger("one", first, emit(second)))
    await client.create_trigger(trigger("two", second, emit(third)))
    await client.create_trigger(trigger("three", third, LOG))
    chain = await publish(client, first, data={"score": 0.9})

    tree = await settled_chain(client, chain, firings=3)

    assert tree["counts"] == {"events": 3, "firings": 3, "actions": 3}
    assert tree["unplaced_actions"] == []
    (event,) = tree["roots"]
    for depth, event_type in enumerate([first, second, third]):
        assert (event["type"], event["depth"], event["subject"]) == (event_type, depth, "thing-1")
        (firing,) = event["firings"]
        (action,) = firing["actions"]
        assert (firing["status"], action["status"]) == ("succeeded", "succeeded")
        event = action["events"][0] if action["events"] else None
    assert event is None


@pytest.mark.requirement("R6.3")
async def test_an_emitted_event_carries_its_chain_in_its_headers(system: System, client: Client) -> None:
    first, second = fresh("variant.approved"), fresh("scenes.wanted")
    await client.create_trigger(trigger("emits", first, emit(second)))
    await client.create_trigger(trigger("listens", second, LOG))
    chain = await publish(client, first)
    tree = await settled_chain(client, chain, firings=2)
    (action,) = tree["roots"][0]["firings"][0]["actions"]

    tail = TopicTail(system.info.kafka_bootstrap, Topic.SYSTEM, system.info.topic_prefix)
    await tail.start()
    try:
        records = await tail.catch_up()
    finally:
        await tail.stop()

    (record,) = [record for record in records if dict(record.headers).get("ce_type") == second.encode()]
    headers = dict(record.headers)
    assert headers["ce_correlationid"] == str(chain).encode()
    assert headers["ce_causationid"] == action["action_id"].encode()
    assert headers["ce_chaindepth"] == b"1"
    assert Counter(name for name, _ in record.headers)["traceparent"] == 1


@pytest.mark.requirement("R6.2")
async def test_a_trigger_that_feeds_itself_fires_ten_times_and_is_then_blocked(client: Client) -> None:
    loop = fresh("loop.turned")
    await client.create_trigger(trigger("feeds itself", loop, emit(loop)))
    chain = await publish(client, loop)

    rows = await log_rows(client, chain, rows=11)

    assert Counter((row["status"], row["reason"]) for row in rows) == {
        ("succeeded", None): 10,
        ("blocked", "chain_depth"): 1,
    }
    assert sorted(row["depth"] for row in rows) == list(range(11))
    tree = await settled_chain(client, chain, firings=11)
    event = tree["roots"][0]
    while event["firings"][0]["status"] == "succeeded":
        event = event["firings"][0]["actions"][0]["events"][0]
    assert (event["depth"], event["firings"][0]["reason"]) == (10, "chain_depth")


@pytest.mark.requirement("R6.1")
async def test_a_trigger_may_set_its_own_limit(client: Client) -> None:
    loop = fresh("loop.turned")
    await client.create_trigger(trigger("feeds itself", loop, emit(loop), brakes={"max_chain_depth": 3}))
    chain = await publish(client, loop)

    rows = await log_rows(client, chain, rows=4)

    assert Counter(row["status"] for row in rows) == {"succeeded": 3, "blocked": 1}


@pytest.mark.requirement("R4.8")
async def test_what_is_saved_is_in_force_when_the_answer_comes(client: Client) -> None:
    times = 100
    event_type = fresh("order.placed")
    created = await client.create_trigger(trigger("revision 1", event_type, LOG))
    saved_before: dict[str, int] = {}
    for number in range(2, times + 2):
        saved = await client.replace_trigger(str(created["id"]), trigger(f"revision {number}", event_type, LOG))
        assert saved["in_force"] is True
        saved_before[str(await publish(client, event_type))] = number

    async def all_decided() -> None:
        decided_by: dict[str, int] = {}
        cursor = None
        while True:
            page = await client.log(trigger_id=str(created["id"]), limit=200, cursor=cursor)
            decided_by.update((str(row["correlation_id"]), cast("int", row["revision"])) for row in page.items)
            if (cursor := page.next_cursor) is None:
                break
        assert decided_by.keys() == saved_before.keys()
        # A later save may be in force already when an event is decided; an earlier one never is.
        too_early = {chain: number for chain, number in saved_before.items() if decided_by[chain] < number}
        assert not too_early

    await eventually(all_decided, within=30.0)
