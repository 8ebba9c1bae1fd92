"""The port through which records leave a process. Implemented by `ensue.kafka.producer`, called by the outbox relay
and by handlers' loops; its double is `ensue.testing.publishing.RecordingPublisher`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ensue.core.errors import EnsueError
from ensue.wire.topics import OutgoingRecord


class Unpublishable(EnsueError):
    """This record can never be sent, however often it is tried (for example: too large for its topic).

    The others of its batch may or may not have been sent; sending them again is safe.
    """

    def __init__(self, record: OutgoingRecord, why: str) -> None:
        super().__init__(f"a record for {record.topic} can never be sent: {why}")
        self.record = record
        self.why = why


class Publisher(Protocol):
    """Sends records and waits for their acknowledgement."""

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Return once every record is acknowledged, in order within each key.

        Raises Unavailable when that cannot be said (some may have been sent), Unpublishable when one never will be.
        """
        ...
