"""What the audit does with the records it reads: append each once, whatever it says. Called by the consume loop.

Offsets are committed after the rows are, so a record may come again; the journal's keys make that harmless.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Sequence

from audit.journal import Journal
from audit.rows import Entry, Kind, Row, entry_of, is_dead_lettered_by_others
from ensue.core.firing import Firing
from ensue.core.outcome import Outcome
from ensue.kafka.records import Batch, DeadLetter, Handled, IncomingRecord
from ensue.postgres.errors import VALUE_REFUSED
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import AUDIT_DUPLICATES, AUDIT_PASSED_OVER, AUDIT_ROWS, Metrics
from ensue.wire.errors import DecodeError

UNSTORABLE = "unstorable"
log = get_logger(__name__)


class AuditHandler:
    """Implements `ensue.kafka.loop.Handler`."""

    def __init__(self, journal: Journal, metrics: Metrics, default_tenant: str) -> None:
        self._journal = journal
        self._metrics = metrics
        self._default_tenant = default_tenant

    async def handle(self, batches: Sequence[Batch]) -> Handled:
        """Append every record of the batches; Unavailable while PostgreSQL is away."""
        entries: list[Entry] = []
        dead: list[DeadLetter] = []
        for batch in batches:
            for record in batch.records:
                self._read(record, entries, dead)
            await asyncio.sleep(0)  # heartbeats go on between partitions
        dead += await self._append(entries)
        _tell(entries)
        return Handled(dead=dead)

    def _read(self, record: IncomingRecord, entries: list[Entry], dead: list[DeadLetter]) -> None:
        try:
            entries.append(entry_of(record, self._default_tenant))
        except DecodeError as error:
            if is_dead_lettered_by_others(record.topic):
                self._metrics.inc(AUDIT_PASSED_OVER, topic=record.topic.value, reason=error.reason.value)
            else:
                dead.append(DeadLetter(record, error.reason.value, error.message))

    async def _append(self, entries: Sequence[Entry]) -> list[DeadLetter]:
        """Append the entries; where PostgreSQL refuses a value, all but those that hold one."""
        if not entries:
            return []
        try:
            appended = await self._journal.append(_by_kind(entries))
        except VALUE_REFUSED as error:
            if len(entries) == 1:
                return self._give_up(entries[0], error)
            middle = len(entries) // 2
            return [*await self._append(entries[:middle]), *await self._append(entries[middle:])]
        self._count(entries, appended)
        return []

    def _give_up(self, entry: Entry, error: Exception) -> list[DeadLetter]:
        record = entry.record
        place = {"topic": record.topic.value, "partition": record.partition, "offset": record.offset}
        log.error("record_unstorable", kind=entry.kind.value, error=type(error).__name__, **place)
        self._metrics.inc(AUDIT_PASSED_OVER, topic=record.topic.value, reason=UNSTORABLE)
        return [DeadLetter(record, UNSTORABLE, f"the journal cannot hold it: {type(error).__name__}")]

    def _count(self, entries: Sequence[Entry], appended: dict[Kind, int]) -> None:
        for kind, given in Counter(entry.kind for entry in entries).items():
            self._metrics.inc(AUDIT_ROWS, appended[kind], kind=kind.value)
            self._metrics.inc(AUDIT_DUPLICATES, given - appended[kind], kind=kind.value)


def _by_kind(entries: Sequence[Entry]) -> dict[Kind, list[Row]]:
    rows: defaultdict[Kind, list[Row]] = defaultdict(list)
    for entry in entries:
        rows[entry.kind].append(entry.row)
    return rows


def _tell(entries: Sequence[Entry]) -> None:
    """One line a firing and an outcome, so that a firing can be followed through the logs of all services."""
    if not log.is_enabled_for(logging.INFO):
        return
    for entry in entries:
        match entry.subject:
            case Firing() as firing:
                log.info("firing_recorded", **_chain(firing.tenant, firing.lineage.correlation_id, firing))
            case Outcome() as outcome:
                chain = _chain(outcome.tenant, outcome.correlation_id, outcome)
                log.info("outcome_recorded", status=outcome.status.value, **chain)


def _chain(tenant: str, correlation_id: object, of: Firing | Outcome) -> dict[str, str]:
    return {
        "tenant": tenant,
        "correlation_id": str(correlation_id),
        "trigger_id": str(of.trigger_id),
        "firing_id": str(of.firing_id),
    }
