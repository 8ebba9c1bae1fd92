"""`kill -9` of every service, of Kafka and of PostgreSQL while 20,000 events flow: nothing lost, no firing doubled.

What was accepted, and what was called, is counted by ledgers outside the system (tests/support); then the system's own
journal must say the same.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from tests.support.eventually import eventually
from tests.support.ledger import ReceiverLedger, receiving
from tests.support.load import Producer, numbers_in

from ensue.core.json import JsonObject
from ensue.postgres.database import Database
from ensue_client import Client, Connection
from ensue_devstack.dev_info import DevInfo
from ensue_devstack.processes import Identity
from ensue_devstack.stack import Stack
from ensue_devstack.state import Extent, ProcessState, read_state

EVENTS = 20_000
DRAINED_WITHIN = 300.0
CALLED, ECHOED = (0, 1), (7,)  # the buckets (of 8) that fire a webhook, and an emitted event

# What is killed once so many events were accepted.
SCHEDULE = {
    2_000: ("evaluator",),
    4_000: ("dispatcher",),
    6_000: ("audit",),
    8_000: ("trigger_api",),
    10_000: ("kafka",),
    13_000: ("postgres",),
    16_000: ("evaluator", "dispatcher", "audit", "trigger_api"),
    18_000: ("kafka", "dispatcher"),
}

SUMS = """
SELECT (SELECT count(DISTINCT record_id) FROM audit.event WHERE type = 'load.made') AS events,
       (SELECT count(*) FROM dispatch.firing) AS firings,
       (SELECT count(*) FROM audit.firing) AS journaled,
       (SELECT count(DISTINCT (trigger_id, event_uid)) FROM dispatch.firing) AS pairs,
       (SELECT count(*) FROM audit.outcome WHERE status = 'succeeded') AS succeeded,
       (SELECT count(*) FROM audit.outcome) AS outcomes,
       (SELECT count(DISTINCT firing_id) FROM audit.outcome) AS ended,
       (SELECT count(*) FROM audit.dead) AS dead
"""

pytestmark = pytest.mark.timeout(900)


def trigger(name: str, event_type: str, where: JsonObject, action: JsonObject) -> JsonObject:
    return {"name": name, "when": {"event": {"types": [event_type]}}, "where": where, "then": {"actions": [action]}}


def in_buckets(buckets: tuple[int, ...]) -> JsonObject:
    return {"all": [{"field": "data.bucket", "op": "in", "value": list(buckets)}]}


@dataclass
class Killer:
    """Kills processes of the stack when their time has come; a ledger of what was killed."""

    stack: Stack
    due: dict[int, tuple[str, ...]]
    killed: list[str] = field(default_factory=list)

    async def after(self, accepted: int) -> None:
        for threshold in [one for one in self.due if one <= accepted]:
            for name in self.due.pop(threshold):
                identity: Identity = await eventually(partial(self._running, name), within=60)
                identity.signal(signal.SIGKILL)
                self.killed.append(name)

    def _running(self, name: str) -> Identity:
        process = self._state(name)
        assert process.pid is not None, f"{name} does not run"
        assert process.started_at is not None
        return Identity(process.pid, process.started_at)

    def _state(self, name: str) -> ProcessState:
        state = read_state(self.stack.layout)
        assert state is not None
        process = state.process(name)
        assert process is not None, f"{name} is not one of {[one.name for one in state.processes]}"
        return process


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, DevInfo]]:
    root: Path = tmp_path_factory.mktemp("kills")
    stack = Stack.of(root)
    raised = stack.raise_up(Extent.SERVICES)
    yield stack, raised.info
    stack.take_down()


@pytest.fixture
async def database(stack: tuple[Stack, DevInfo]) -> AsyncIterator[Database]:
    database = await Database.open(stack[1].database_url, application_name="kill test", min_size=0, max_size=2)
    yield database
    await database.close()


@pytest.fixture
async def receiver() -> AsyncIterator[ReceiverLedger]:
    async with receiving() as ledger:
        yield ledger


@pytest.mark.requirement("R4.3", "R4.5", "R5.17")
async def test_twenty_thousand_events_survive_the_death_of_everything(
    stack: tuple[Stack, DevInfo], database: Database, receiver: ReceiverLedger
) -> None:
    running, info = stack
    assert info.api_url is not None
    assert info.api_key is not None
    killer = Killer(running, dict(SCHEDULE))
    async with Client(Connection(info.api_url, info.api_key)) as client:
        await client.create_trigger(
            trigger("call", "load.made", in_buckets(CALLED), {"kind": "webhook", "url": receiver.url})
        )
        await client.create_trigger(
            trigger("echo", "load.made", in_buckets(ECHOED), {"kind": "emit_event", "type": "load.echoed"})
        )
        await client.create_trigger(trigger("hear", "load.echoed", {}, {"kind": "log", "message": "heard"}))
        producer = Producer(client)
        await producer.publish(EVENTS, killer.after)

    called, echoed = numbers_in(CALLED, EVENTS), numbers_in(ECHOED, EVENTS)
    firings = len(called) + 2 * len(echoed)
    expected = {
        "events": EVENTS, "firings": firings, "journaled": firings, "pairs": firings,
        "succeeded": firings, "outcomes": firings, "ended": firings, "dead": 0,
    }  # fmt: skip

    async def drained() -> None:
        async with database.transaction() as conn:
            row = await conn.fetchrow(SUMS)
        assert row is not None
        assert dict(row) == expected

    await eventually(drained, within=DRAINED_WITHIN)
    assert Counter(killer.killed) == Counter(name for names in SCHEDULE.values() for name in names)
    assert len(producer.accepted) == EVENTS
    assert receiver.events == called, "an accepted event was lost, or one was called for that nobody asked for"
    assert receiver.doubled == {}, "one event fired one trigger twice"
    print(f"accepted {EVENTS}, asked to repeat {producer.refused}, calls repeated {receiver.repeated}")  # noqa: T201 - the counts of the run, for whoever watches
