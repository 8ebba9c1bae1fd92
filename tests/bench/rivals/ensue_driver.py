"""Speaks the driver protocol for Ensue: `python -m tests.bench.rivals.ensue_driver RULES EVENTS IDS SECONDS`."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import msgspec

from ensue.testing.matching import from_patterns


def main(rules: Path, events: Path, ids: Path, at_least: float) -> None:
    """Build, match for a while, write down what was found."""
    documents = [msgspec.json.decode(line) for line in rules.read_bytes().splitlines()]
    lines = events.read_bytes().splitlines()
    patterns = [(rule["id"], rule["pattern"]) for rule in documents]
    started = time.perf_counter()
    matcher = from_patterns(patterns)
    built, fastest = time.perf_counter() - started, float("inf")
    match, first = matcher.match, time.perf_counter()
    while time.perf_counter() - first < at_least:
        begun = time.perf_counter()
        for line in lines:
            match(line)
        fastest = min(fastest, time.perf_counter() - begun)
    ids.write_bytes(b"\n".join(msgspec.json.encode(match(line)) for line in lines) + b"\n")
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.buffer.write(msgspec.json.encode({"build_seconds": built, "seconds": fastest, "rss_mb": rss_mb}))


if __name__ == "__main__":
    _rules, _events, _ids = map(Path, sys.argv[1:4])
    main(_rules, _events, _ids, float(sys.argv[4]))
