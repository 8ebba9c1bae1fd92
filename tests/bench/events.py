"""Events of a realistic size (about 700 bytes of JSON) for the benchmarks, the same for every run of one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

import orjson

from ensue.wire.topics import OutgoingRecord, Topic

TENANT = "default"
EVENT_TYPE = "bench.scored"


def records(count: int, *, seed: int = 7) -> Iterator[OutgoingRecord]:
    """`count` events in binary mode; `data.bucket` is uniform over 0..9999, so that a trigger can match any share."""
    source = random.Random(seed)  # noqa: S311 - reproducible, not secret
    filler = {f"attribute_{i}": f"{source.random():.15f}" for i in range(16)}
    for number in range(count):
        data = {
            "variant_id": f"variant-{number}",
            "bucket": source.randrange(10_000),
            "score": round(source.random(), 4),
            "tags": ["draft", "rush" if number % 7 == 0 else "calm"],
            "owner": {"id": number % 97, "team": f"team-{number % 13}"},
            "attributes": filler,
        }
        yield _record(number, orjson.dumps(data))


def _record(number: int, value: bytes) -> OutgoingRecord:
    subject = f"subject-{number % 1000}"
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(number),
        "ce_source": "urn:ensue:bench",
        "ce_type": EVENT_TYPE,
        "ce_subject": subject,
        "ce_tenant": TENANT,
        "content-type": "application/json",
    }
    pairs = tuple((name, text.encode()) for name, text in headers.items())
    return OutgoingRecord(Topic.EVENTS, f"{TENANT}/{subject}".encode(), value, pairs)
