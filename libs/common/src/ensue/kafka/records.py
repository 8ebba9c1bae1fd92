"""What passes between a consume loop and its handler: records and batches in, dead letters and records out.

Values only. Handlers of the services receive `Batch` and return `Handled`; the loop does everything else.
They are msgspec structs because one is made for every record read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from ensue.wire.topics import OutgoingRecord, Topic


class IncomingRecord(Struct, frozen=True, gc=False):
    """A record as it was read.

    appended_at: when the broker appended it (aware UTC, whole milliseconds): the *now* of decisions about it.
    headers: in their order; a name may occur twice, a value may be None, as the producer left them.
    """

    topic: Topic
    partition: int
    offset: int
    appended_at: datetime
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class Batch(Struct, frozen=True):
    """Records of one partition, in order: offsets [first_offset, next_offset).

    first_offset: where the previous batch (or the committed position) ended, so that batches tile the partition.
    missing: offsets at the start of the range that the broker no longer had (retention, deletion): lost. Normally 0.
    """

    topic: Topic
    partition: int
    records: Sequence[IncomingRecord]
    first_offset: int
    next_offset: int
    missing: int = 0

    @property
    def holes(self) -> int:
        """Offsets in the range that never were records for us: transaction markers, aborted or compacted records."""
        return self.next_offset - self.first_offset - self.missing - len(self.records)

    def cut(self, count: int) -> tuple[Batch, Batch | None]:
        """A batch of the first `count` (at least one) records, and one of the others; they tile as the whole did."""
        if count >= len(self.records):
            return self, None
        middle = self.records[count - 1].offset + 1
        first = Batch(self.topic, self.partition, self.records[:count], self.first_offset, middle, self.missing)
        return first, Batch(self.topic, self.partition, self.records[count:], middle, self.next_offset)


class DeadLetter(Struct, frozen=True):
    """A record that cannot be processed: `reason` from a closed list, `message` a sentence for people (no secrets)."""

    record: IncomingRecord
    reason: str
    message: str


class Handled(Struct, frozen=True):
    """What a handler wants done before the offsets of its batches are committed.

    rest: batches, or what remains of them, that it wants to be asked about again once this is done, because the answer
    to all at once would have been too large. Until it has answered about them too, they are not committed.
    """

    records: Sequence[OutgoingRecord] = ()
    dead: Sequence[DeadLetter] = ()
    rest: Sequence[Batch] = ()
