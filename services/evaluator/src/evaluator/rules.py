"""The ruleset in force: read from the database, then from the trigger topic, and brought up to date before every batch.
Triggers, and the calendars that their conditions name.

Immutable rulesets, swapped by one store: whoever took one keeps it. The topic is the way in which changes arrive; the
database is the truth, asked at start and every few minutes. With the database away the topic alone serves; with Kafka
away nothing is decided (Unavailable), rather than with an older ruleset.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

from ensue.core.calendars import Calendar, CalendarRemoval
from ensue.core.errors import Unavailable
from ensue.core.ruleset import Change, Identity, Removal
from ensue.kafka.records import IncomingRecord
from ensue.matching.tier import collecting_nothing
from ensue.matching.triggers import IndexedRuleset
from ensue.runtime.clock import Clock
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import (
    RULESET_CHANGES,
    RULESET_DATABASE_FAILURES,
    RULESET_REFRESH_SECONDS,
    RULESET_REPAIRS,
    RULESET_TRIGGERS,
    RULESET_UNUSABLE,
    Metrics,
)
from ensue.wire.calendars import CalendarRecord, decode_calendar, is_calendar_record, key_of, to_calendar
from ensue.wire.errors import DecodeError
from ensue.wire.triggers import TriggerRecord, decode_trigger, to_trigger

Said: TypeAlias = TriggerRecord | Removal | CalendarRecord | CalendarRemoval
PARSED_AT_ONCE = 200  # between these the loop lives
APPLIED_AT_ONCE = 32  # more are applied in a thread, and so are calendars: all rules that ask one are made anew
log = get_logger(__name__)


class TriggerTopic(Protocol):
    """The topic of triggers and calendars from its beginning (`ensue.kafka.tail.TopicTail`)."""

    async def start(self) -> None: ...

    async def catch_up(self) -> Sequence[IncomingRecord]:
        """All records up to the end as it is now that were not given before. Unavailable while Kafka is away."""
        ...


class Truth(Protocol):
    """The triggers and calendars in the database (`evaluator.database_rules.DatabaseRules`)."""

    def pages(self) -> AsyncIterator[list[Said]]: ...

    async def revisions(self) -> Mapping[Identity, int]: ...

    async def rules(self, identities: Collection[Identity]) -> list[Said]: ...


class Rules:
    """Holds the one ruleset of this process. `load` it before the first event, `catch_up` before each batch."""

    def __init__(self, topic: TriggerTopic, truth: Truth, metrics: Metrics, clock: Clock) -> None:
        self._topic = topic
        self._truth = truth
        self._metrics = metrics
        self._clock = clock
        self._ruleset = IndexedRuleset()
        self._started = False
        self._loaded = False
        self._unusable: set[str] = set()
        self._since: list[Change] = []
        self._catching_up = asyncio.Lock()
        self._succeeding = asyncio.Lock()

    @property
    def ruleset(self) -> IndexedRuleset:
        """The ruleset in force now."""
        return self._ruleset

    async def check(self) -> None:
        """Unavailable until the ruleset is loaded. For the health page."""
        if not self._loaded:
            raise Unavailable("the ruleset is not loaded yet")

    async def load(self) -> None:
        """The database's triggers if it answers, then the whole topic. Unavailable while Kafka is away."""
        ready: list[Change] = []
        try:
            async for page in self._truth.pages():
                ready += await self._read(page)
        except Unavailable as error:
            self._metrics.inc(RULESET_DATABASE_FAILURES)
            log.warning("ruleset_without_database", reason=str(error))
        await self._enforce(ready, "database")
        if not self._started:
            await self._topic.start()
            self._started = True
        await self.catch_up()
        self._loaded = True
        log.info("ruleset_loaded", triggers=len(self._ruleset), fingerprint=self._ruleset.fingerprint)

    async def catch_up(self) -> None:
        """Apply every change that the topic holds now: one saved before this call is in force after it.

        Unavailable while Kafka is away: then nothing may be decided.
        """
        started = self._clock.monotonic()
        async with self._catching_up:  # who waits here must not go on before what another has read is applied
            lacking = self._ruleset.plain.lacking
            await self._read_topic()
            if self._ruleset.plain.lacking - lacking:
                # A trigger and its calendar are in two partitions, whose ends are not asked at the same instant.
                await self._read_topic()
        self._metrics.observe(RULESET_REFRESH_SECONDS, self._clock.monotonic() - started)

    async def _read_topic(self) -> None:
        records = await self._topic.catch_up()
        if records:
            await self._take(list(self._decoded(records)), "topic")

    async def reconcile(self) -> None:
        """Apply what the database has and the topic has not brought. Unavailable while either is away."""
        theirs = await self._truth.revisions()
        await self.catch_up()
        behind = [identity for identity, revision in theirs.items() if self._is_news(identity, revision)]
        if behind:
            await self._take(await self._truth.rules(behind), "database")
            self._metrics.inc(RULESET_REPAIRS, len(behind))
            log.warning("ruleset_repaired", changes=len(behind), fingerprint=self._ruleset.fingerprint)

    async def _take(self, changes: Iterable[Said], source: str) -> None:
        await self._enforce(await self._read(changes), source)

    async def _read(self, changes: Iterable[Said]) -> list[Change]:
        """What is news, made ready; only the newest revision of each trigger and calendar is parsed."""
        newest: dict[Identity, Said] = {}
        for change in changes:
            identity = _identity(change)
            known = newest.get(identity)
            is_newer = known is None or known.revision < change.revision
            if is_newer and self._is_news(identity, change.revision):
                newest[identity] = change
        ready: list[Change] = []
        for some in _portions(list(newest.values())):
            ready += [self._made_ready(change) for change in some]
            await asyncio.sleep(0)
        return ready

    async def _enforce(self, ready: Sequence[Change], source: str) -> None:
        """Put changes in force, all at once: nobody sees a trigger without its calendar."""
        await self._apply(ready)
        self._metrics.inc(RULESET_CHANGES, len(ready), source=source)
        self._metrics.set(RULESET_TRIGGERS, len(self._ruleset))
        self._metrics.set(RULESET_UNUSABLE, len(self._unusable))

    async def _apply(self, changes: Sequence[Change]) -> None:
        if len(changes) > APPLIED_AT_ONCE or any(map(_is_calendar, changes)):
            await self._succeed(lambda ruleset: ruleset.apply(changes))
            return
        self._ruleset = self._ruleset.apply(changes)
        if self._succeeding.locked():
            self._since += changes

    async def tidy(self) -> None:
        """Bring the index in order after many changes, beside the loop; what comes meanwhile is in force at once."""
        while self._ruleset.is_scattered:
            await self._succeed(IndexedRuleset.compacted)

    async def _succeed(self, successor: Callable[[IndexedRuleset], IndexedRuleset]) -> None:
        """Put a successor in force that is made in a thread, and apply to it what was applied meanwhile."""
        async with self._succeeding:
            self._since = []
            made = await asyncio.to_thread(_made_to_last, successor, self._ruleset)
            while len(self._since) > APPLIED_AT_ONCE:
                late, self._since = self._since, []
                made = await asyncio.to_thread(made.apply, late)
            self._ruleset = made.apply(self._since)

    def _is_news(self, identity: Identity, revision: int) -> bool:
        known = self._ruleset.revision_of(identity)
        return known is None or known < revision

    def _made_ready(self, change: Said) -> Change:
        """The trigger or calendar; a removal in place of an unreadable one, so that no older revision stays in force.

        Triggers that ask a calendar which could not be read err, each time they are asked.
        """
        name = _name(change)
        self._unusable.discard(name)
        if isinstance(change, (Removal, CalendarRemoval)):
            return change
        try:
            return to_calendar(change) if isinstance(change, CalendarRecord) else to_trigger(change)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one document harms its own trigger only
            self._unusable.add(name)
            return _unusable(change, error)

    def _decoded(self, records: Iterable[IncomingRecord]) -> Iterator[Said]:
        for record in records:
            decode = decode_calendar if is_calendar_record(record.headers) else decode_trigger
            try:
                yield decode(record.key, record.value, record.headers)
            except DecodeError as error:
                key = (record.key or b"").decode(errors="replace")[:100]
                self._unusable.add(key)
                place = {"key": key, "partition": record.partition, "offset": record.offset}
                log.warning("trigger_record_undecodable", reason=str(error), **place)


def _is_calendar(change: Change) -> bool:
    return isinstance(change, (Calendar, CalendarRemoval))


def _made_to_last(successor: Callable[[IndexedRuleset], IndexedRuleset], ruleset: IndexedRuleset) -> IndexedRuleset:
    """It lives long: no collection is to walk it, least of all one that a heap just filled would begin.

    What is garbage when the heap is frozen stays for ever, so it is collected first.
    """
    gc.collect(1)
    with collecting_nothing():
        made = successor(ruleset)
        gc.freeze()
    return made


def _portions(changes: Sequence[Said]) -> Iterator[Sequence[Said]]:
    return (changes[start : start + PARSED_AT_ONCE] for start in range(0, len(changes), PARSED_AT_ONCE))


def _identity(change: Said) -> Identity:
    return change.calendar_id if isinstance(change, (CalendarRecord, CalendarRemoval)) else change.trigger_id


def _unusable(change: TriggerRecord | CalendarRecord, error: Exception) -> Change:
    """What stands in the place of something unreadable."""
    reason = f"{type(error).__name__}: {error}"
    if isinstance(change, CalendarRecord):
        tenant, name = change.calendar_id
        log.warning("calendar_unusable", reason=reason, tenant=tenant, calendar=name, revision=change.revision)
        return CalendarRemoval(change.calendar_id, change.revision)
    place = {"tenant": change.tenant, "trigger_id": str(change.trigger_id), "revision": change.revision}
    log.warning("trigger_unusable", reason=reason, **place)
    return Removal(change.trigger_id, change.tenant, change.revision)


def _name(change: Said) -> str:
    """As the key of its record has it."""
    if isinstance(change, (CalendarRecord, CalendarRemoval)):
        return key_of(change.calendar_id)
    return f"{change.tenant}/{change.trigger_id}"
