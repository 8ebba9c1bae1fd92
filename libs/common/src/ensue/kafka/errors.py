"""Expected failures of the Kafka adapter, within the one tree of `ensue.core.errors`.

EnsueError
├── Unavailable             Kafka does not answer (in time); also raised as itself
├── KafkaRefused            Kafka answered no: not allowed, not valid
├── Unpublishable           (ensue.runtime.publishing) a record that can never be sent
│   └── RecordTooLarge      larger than its topic takes
└── SendDeadlineExceeded    a consume loop's records were not acked in time: ends the process (crash-only)
"""

from __future__ import annotations

from aiokafka.errors import KafkaError

from ensue.core.errors import EnsueError, Unavailable
from ensue.runtime.publishing import Unpublishable
from ensue.wire.topics import OutgoingRecord


class KafkaRefused(EnsueError):
    """Kafka answered, and said no for good."""


class ConsumerLost(Unavailable):
    """Kafka is away, or has put this member out. Raised by the group consumer, met by the consume loop."""


class RecordTooLarge(Unpublishable):
    """`record` is larger than its topic takes."""

    def __init__(self, record: OutgoingRecord, why: str) -> None:
        super().__init__(record, why)


class SendDeadlineExceeded(EnsueError):
    """A send did not ack in time. It may have happened or not: only a restart, and reading again, is safe."""


class HandlerStuck(EnsueError):
    """A handler did not come back within its time: its partitions go to another process."""


def translated(error: BaseException, what: str) -> Unavailable | KafkaRefused:
    """Our failure for one of the client's: an answer "no" is KafkaRefused, no answer is Unavailable."""
    answered_no = isinstance(error, KafkaError) and not error.retriable and error.errno > 0
    if answered_no:
        return KafkaRefused(f"{what}: {error!r}")
    return Unavailable(f"{what}: {error!r}")
