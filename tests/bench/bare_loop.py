"""The floor for consuming: a bare aiokafka loop that fetches and decodes the JSON of every event, and nothing else.

Run as a process of its own by the evaluator's benchmark: `python -m tests.bench.bare_loop BOOTSTRAP TOPIC COUNT`.
Prints {"events", "seconds"}; the clock runs from the first fetched batch to the last.
"""

from __future__ import annotations

import sys
import time

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer

MAX_RECORDS = 2_000


async def drain(bootstrap: str, topic: str, count: int) -> tuple[int, float]:
    """Events decoded after the first batch, and the seconds that took."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        seen, counted, started = 0, 0, 0.0
        while seen < count:
            batches = await consumer.getmany(timeout_ms=1_000, max_records=MAX_RECORDS)
            fetched = 0
            for batch in batches.values():
                for record in batch:
                    orjson.loads(record.value)
                fetched += len(batch)
            if started:
                counted += fetched
            elif fetched:
                started = time.perf_counter()
            seen += fetched
        return counted, time.perf_counter() - started
    finally:
        await consumer.stop()


if __name__ == "__main__":
    _bootstrap, _topic, _count = sys.argv[1:]
    _events, _seconds = uvloop.run(drain(_bootstrap, _topic, int(_count)))
    sys.stdout.write(orjson.dumps({"events": _events, "seconds": _seconds}).decode() + "\n")
