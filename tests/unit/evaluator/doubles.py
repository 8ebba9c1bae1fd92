"""The topic and the table that rules are read from, in memory; the real ones: tests/integration/evaluator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from ensue.core.calendars import CalendarRemoval
from ensue.core.errors import Unavailable
from ensue.core.ruleset import Identity
from ensue.kafka.records import IncomingRecord
from ensue.runtime.clock import SystemClock
from ensue.runtime.metrics import Metrics
from ensue.wire.calendars import CalendarRecord
from evaluator.rules import Rules, Said


class Topics:
    """A trigger topic kept in memory."""

    def __init__(self, *records: IncomingRecord) -> None:
        self.records = list(records)
        self.away = False
        self._given = 0
        self.comes_later: list[IncomingRecord] = []  # while it is read the next time

    async def start(self) -> None:
        if self.away:
            raise Unavailable("no broker")

    async def catch_up(self) -> Sequence[IncomingRecord]:
        if self.away:
            raise Unavailable("no broker")
        fresh, self._given = self.records[self._given :], len(self.records)
        self.records += self.comes_later
        self.comes_later = []
        return fresh


class Table:
    """The triggers and calendars of the database, kept in memory."""

    def __init__(self, *rows: Said) -> None:
        self.rows_by_id = {identity_of(row): row for row in rows}
        self.away = False

    def put(self, row: Said) -> None:
        self.rows_by_id[identity_of(row)] = row

    async def pages(self) -> AsyncIterator[list[Said]]:
        self._answer()
        for row in self.rows_by_id.values():
            yield [row]

    async def revisions(self) -> Mapping[Identity, int]:
        self._answer()
        return {identity: row.revision for identity, row in self.rows_by_id.items()}

    async def rules(self, identities: Collection[Identity]) -> list[Said]:
        self._answer()
        return [self.rows_by_id[identity] for identity in identities]

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("no database")


def identity_of(row: Said) -> Identity:
    """What a row is about."""
    return row.calendar_id if isinstance(row, (CalendarRecord, CalendarRemoval)) else row.trigger_id


def rules_of(topic: Topics, table: Table) -> tuple[Rules, Metrics]:
    """Rules over the two, not loaded yet."""
    metrics = Metrics()
    return Rules(topic, table, metrics, SystemClock()), metrics
