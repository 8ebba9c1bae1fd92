"""What passes between a consume loop and its handler: records and batches in, dead letters and records out.

Handlers of the services receive `Batch` and return `Handled`; the loop does everything else. Values only, beside the
client's own records, which nobody changes either. They are msgspec structs because some are made for every record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct

from ensue.wire.topics import OutgoingRecord, Topic

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class RawRecord(Protocol):
    """What we need of the client's own record; `timestamp` in milliseconds since 1970."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class Instants(dict[int, datetime]):
    """Instants of milliseconds since 1970, each made once: with append times, a whole batch of the broker has one."""

    def __missing__(self, milliseconds: int) -> datetime:
        at = self[milliseconds] = _EPOCH + timedelta(milliseconds=milliseconds)
        return at


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

    @property
    def timestamp(self) -> int:
        """`appended_at` in milliseconds since 1970: what a batch holds may be ours as well."""
        return (self.appended_at - _EPOCH) // _MILLISECOND


class Batch(Struct, frozen=True):
    """Records of one partition, in order: offsets [first_offset, next_offset).

    raw: the records as the client has them. Who hardly needs more than their bytes reads these.
    first_offset: where the previous batch (or the committed position) ended, so that batches tile the partition.
    missing: offsets at the start of the range that the broker no longer had (retention, deletion): lost. Normally 0.
    """

    topic: Topic
    partition: int
    raw: Sequence[RawRecord]
    first_offset: int
    next_offset: int
    missing: int = 0

    @property
    def records(self) -> list[IncomingRecord]:
        """The records as ours, made for each who asks."""
        return incoming(self.topic, self.partition, self.raw)

    def ours(self, record: RawRecord) -> IncomingRecord:
        """One of its records as ours."""
        return incoming(self.topic, self.partition, [record])[0]

    @property
    def holes(self) -> int:
        """Offsets in the range that never were records for us: transaction markers, aborted or compacted records."""
        return self.next_offset - self.first_offset - self.missing - len(self.raw)

    def cut(self, count: int) -> tuple[Batch, Batch | None]:
        """A batch of the first `count` (at least one) records, and one of the others; they tile as the whole did."""
        if count >= len(self.raw):
            return self, None
        middle = self.raw[count - 1].offset + 1
        first = Batch(self.topic, self.partition, self.raw[:count], self.first_offset, middle, self.missing)
        return first, Batch(self.topic, self.partition, self.raw[count:], middle, self.next_offset)


def incoming(topic: Topic, partition: int, records: Iterable[RawRecord]) -> list[IncomingRecord]:
    """Our records of the client's."""
    at = Instants()
    return [
        IncomingRecord(topic, partition, raw.offset, at[raw.timestamp], raw.key, raw.value, tuple(raw.headers))
        for raw in records
    ]


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
