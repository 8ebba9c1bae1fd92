"""A publisher that keeps what it is given, in order, and fails when told to. The double of the Kafka publisher."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from ensue.core.errors import Unavailable
from ensue.runtime.publishing import Unpublishable
from ensue.wire.topics import OutgoingRecord


@dataclass(frozen=True, slots=True)
class Failure:
    """One publish call that fails after its first `sent` records have nevertheless arrived."""

    error: Exception
    sent: int = 0


class RecordingPublisher:
    """`records` holds everything that "arrived", `calls` the size of each publish call."""

    def __init__(self, *script: Failure | None) -> None:
        self.records: list[OutgoingRecord] = []
        self.calls: list[int] = []
        self.away = False
        self.max_value_bytes: int | None = None
        self._script = deque(script)
        self._open = asyncio.Event()
        self._open.set()

    def then(self, *script: Failure | None) -> None:
        """Append to what the next calls do: None succeeds, a Failure fails; after the script all succeed."""
        self._script.extend(script)

    def hold(self) -> None:
        """Let publish calls wait until `release`."""
        self._open.clear()

    def release(self) -> None:
        """Let held and later publish calls go on."""
        self._open.set()

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Keep the records, unless the script, `away` or `max_value_bytes` says otherwise."""
        self.calls.append(len(records))
        await self._open.wait()
        if self.away:
            raise Unavailable("the scripted broker is away")
        failure = self._script.popleft() if self._script else None
        if failure is not None:
            self.records.extend(records[: failure.sent])
            raise failure.error
        for record in records:
            if self.max_value_bytes is not None and len(record.value or b"") > self.max_value_bytes:
                raise Unpublishable(record, f"larger than {self.max_value_bytes} bytes")
        self.records.extend(records)
