"""Publishes what a handler returned, dead letters included; nothing of it is lost, and nothing is tried for ever.

Called by the consume loop. A record that its topic does not take becomes a dead letter `too_large`; a dead letter that
is itself too large loses its value. What follows from one batch may be a hundred times its size, as each firing carries
its event; so it leaves in portions, each with a publish's whole deadline: else a batch too large for one deadline would
end the process each time that it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ensue.core.errors import Unavailable
from ensue.core.outcome import Reason
from ensue.kafka.dead import dead_of_outgoing, dead_record, without_value
from ensue.kafka.errors import SendDeadlineExceeded
from ensue.kafka.producer import refusals
from ensue.kafka.records import DeadLetter, Handled
from ensue.runtime.clock import Clock
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import RECORDS_DEAD_LETTERED, Metrics
from ensue.runtime.publishing import Publisher, Unpublishable
from ensue.wire.topics import OutgoingRecord, Topic

PORTION_BYTES = 8 * 1024 * 1024
log = get_logger(__name__)


class Outbound:
    """The way out of one consume loop."""

    def __init__(self, publisher: Publisher, group: str, metrics: Metrics, clock: Clock) -> None:
        self._publisher = publisher
        self._group = group
        self._metrics = metrics
        self._clock = clock

    async def publish(self, handled: Handled) -> None:
        """Returns once all is acked. SendDeadlineExceeded when that cannot be said in time."""
        records = list(handled.records)
        for place, refusal in list(refusals(records)):
            records[place] = self._instead(records[place], refusal.why)
        records += [dead_record(letter, self._group) for letter in handled.dead if not self._is_dead_already(letter)]
        try:
            for portion in _portions(records):
                await self._send(portion)
        except Unavailable as error:
            raise SendDeadlineExceeded(f"{len(records)} records of {self._group}: {error}") from error
        reasons = Counter((letter.record.topic.value, letter.reason) for letter in handled.dead)
        for (topic, reason), number in reasons.items():
            self._metrics.inc(RECORDS_DEAD_LETTERED, number, topic=topic, reason=reason)

    async def _send(self, records: list[OutgoingRecord]) -> None:
        """Each refusal replaces a record by a smaller one, at most twice each."""
        while True:
            try:
                return await self._publisher.publish(records)
            except Unpublishable as error:
                place = records.index(error.record)
                records[place] = self._instead(error.record, error.why)

    def _instead(self, record: OutgoingRecord, why: str) -> OutgoingRecord:
        if record.topic is not Topic.DEAD:
            self._metrics.inc(RECORDS_DEAD_LETTERED, topic=record.topic.value, reason=Reason.TOO_LARGE.value)
            return dead_of_outgoing(record, why, self._group, self._clock.now())
        if record.value is None:
            raise SendDeadlineExceeded(f"{Topic.DEAD} takes not even a dead letter without its value: {why}")
        return without_value(record)

    def _is_dead_already(self, letter: DeadLetter) -> bool:
        """A record of the dead letters themselves stays where it is: to copy it there again would never end."""
        if letter.record.topic is not Topic.DEAD:
            return False
        record = letter.record
        log.error("dead_letter_not_understood", partition=record.partition, offset=record.offset, reason=letter.reason)
        return True


def _portions(records: Sequence[OutgoingRecord]) -> Iterator[list[OutgoingRecord]]:
    """`records` in their order, as many at once as PORTION_BYTES allow, at least one."""
    if sum([len(record.key or b"") + len(record.value or b"") for record in records]) <= PORTION_BYTES:
        if records:
            yield list(records)
        return
    portion: list[OutgoingRecord] = []
    size = 0
    for record in records:
        length = len(record.key or b"") + len(record.value or b"")
        if portion and size + length > PORTION_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(record)
        size += length
    if portion:
        yield portion
