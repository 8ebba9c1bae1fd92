"""The sums of one run, asked from the system in two ways: its audit's views, and the records that lie in Kafka.

The run has settled when both agree and nothing is under way. That is certain, not likely: the views are read first and
Kafka's records after them, so a record that they do not count yet makes them disagree. Called by the demo.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import UUID

from ensue.kafka.records import IncomingRecord
from ensue.kafka.tail import TopicTail
from ensue.postgres.database import Database
from ensue.postgres.queries import Queries
from ensue.wire import headers
from ensue.wire.records import decode_firing
from ensue.wire.topics import Topic

SOURCE = headers.CE_PREFIX + "source"
ID = headers.CE_PREFIX + "id"
EventIdentity = tuple[bytes | None, bytes | None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the audit's views say about the chains of a run."""

    events: int
    evaluated: int
    firings: int
    outcomes: int
    succeeded: int
    blocked: int
    condition_errors: int
    actions: int
    webhooks: int
    emitted_not_recorded: int
    dead_letters_ever: int


@dataclass(frozen=True, slots=True)
class InKafka:
    """How many records of these chains lie in Kafka; dead letters: of anybody, since the witness began."""

    events: int
    firings: int
    dead_letters: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Both views of one moment. `dead_before`: dead letters that were recorded before the run."""

    published: int
    recorded: Recorded
    in_kafka: InKafka
    dead_before: int

    @property
    def dead_letters(self) -> int:
        """Dead letters of the run, recorded or not."""
        return max(self.recorded.dead_letters_ever - self.dead_before, self.in_kafka.dead_letters)

    @property
    def settled(self) -> bool:
        """Whether nothing is under way any more: everything in Kafka is recorded, decided and ended."""
        recorded = self.recorded
        return (
            recorded.events == self.in_kafka.events >= self.published
            and recorded.evaluated == recorded.events
            and recorded.firings == self.in_kafka.firings == recorded.outcomes
            and recorded.emitted_not_recorded == 0
        )

    @property
    def agree(self) -> bool:
        """Whether the run is what it should be: settled, everything succeeded, nothing dead."""
        recorded = self.recorded
        return (
            self.settled and self.dead_letters == 0 and recorded.condition_errors == 0 == recorded.blocked
        ) and recorded.succeeded == recorded.firings


class Witness:
    """Counts a run's records in Kafka, asks the audit about its chains. An async context manager, begun before it."""

    def __init__(self, bootstrap: str, topic_prefix: str, database_url: str) -> None:
        self._tails = {
            topic: TopicTail(bootstrap, topic, topic_prefix)
            for topic in (Topic.EVENTS, Topic.SYSTEM, Topic.FIRINGS, Topic.DEAD)
        }
        self._database_url = database_url
        self._database: Database | None = None
        self._events: dict[EventIdentity, UUID] = {}  # its chain; a record that was sent twice is one event
        self._firings: dict[UUID, UUID] = {}
        self._dead = 0
        self._dead_before = 0
        self._queries = Queries.load("ensue_devstack.demo", "sums.sql")

    async def __aenter__(self) -> Self:
        self._database = await Database.open(self._database_url, application_name="ensue demo", max_size=2)
        for tail in self._tails.values():
            await tail.start()
            await tail.catch_up()
        self._dead_before = (await self._recorded([])).dead_letters_ever
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for tail in self._tails.values():
            await tail.stop()
        if self._database is not None:
            await self._database.close()

    async def sums(self, chains: Collection[UUID]) -> Sums:
        """The sums over these chains as they are now; each began with one published event."""
        recorded = await self._recorded(chains)  # first, see above
        await self._read_kafka()
        ours = set(chains)
        in_kafka = InKafka(
            events=sum(chain in ours for chain in self._events.values()),
            firings=sum(chain in ours for chain in self._firings.values()),
            dead_letters=self._dead,
        )
        return Sums(len(ours), recorded, in_kafka, self._dead_before)

    async def firings_by_trigger(self, chains: Collection[UUID]) -> Mapping[str, int]:
        """How often each trigger fired in these chains."""
        async with self._opened().connection() as connection:
            rows = await connection.fetch(self._queries["firings_by_trigger"], list(chains))
        return {str(row["trigger_id"]): row["firings"] for row in rows}

    async def _recorded(self, chains: Collection[UUID]) -> Recorded:
        async with self._opened().connection() as connection:
            row = await connection.fetchrow(self._queries["sums"], list(chains))
        assert row is not None  # noqa: S101 - a query of counts always has a row
        return Recorded(**dict(row))

    async def _read_kafka(self) -> None:
        for topic in (Topic.EVENTS, Topic.SYSTEM):
            for record in await self._tails[topic].catch_up():
                if (chain := chain_of(record)) is not None:
                    self._events[identity_of(record)] = chain
        for record in await self._tails[Topic.FIRINGS].catch_up():
            firing = decode_firing(record.value)
            self._firings[firing.firing_id] = firing.lineage.correlation_id
        self._dead += len(await self._tails[Topic.DEAD].catch_up())

    def _opened(self) -> Database:
        if self._database is None:
            raise RuntimeError("use the witness within `async with`")
        return self._database


def identity_of(record: IncomingRecord) -> EventIdentity:
    """What makes an event the same event: its source and its id."""
    named = dict(record.headers)
    return named.get(SOURCE), named.get(ID)


def chain_of(record: IncomingRecord) -> UUID | None:
    """The chain that an event's record names in its headers."""
    named = dict(record.headers).get(headers.CORRELATION)
    try:
        return UUID(named.decode("ascii")) if named else None
    except ValueError:
        return None
