"""Benchmark: from the records of the trigger topic to rules in force, as the evaluator does it when it starts.

`python -m tests.bench.start TRIGGERS`: a process of its own, so that its memory is that of the triggers.
"""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec
from tests.bench.scene import ROOT
from tests.bench.triggers import LOGGED, in_force, long_ago, revision_of, sharing_the_type

from ensue.core.ruleset import Removal, Ruleset
from ensue.core.trigger import Trigger
from ensue.matching.tier import collecting_nothing
from ensue.matching.triggers import IndexedRuleset
from ensue.wire.topics import OutgoingRecord
from ensue.wire.triggers import decode_trigger, to_trigger

CHANGES = 200


@dataclass(frozen=True, slots=True)
class StartFigure:
    """read: records to triggers. apply: triggers to rules in force, of which the index takes the greater part."""

    triggers: int
    read_seconds: float
    apply_seconds: float
    index_seconds: float
    change_ms: float
    rss_mb: float


def measure(triggers: int) -> StartFigure:
    """`triggers` of one type, each with a condition of its own, read and put in force in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.start", str(triggers)]
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    return msgspec.json.decode(said, type=StartFigure)


def _measured(count: int) -> StartFigure:
    documents = sharing_the_type(count, 0.01, LOGGED)
    records = list(in_force(documents))
    later = [revision_of(document, number, 2, long_ago()) for number, document in enumerate(documents[:CHANGES])]
    del documents
    with collecting_nothing():  # as the evaluator has it
        gc.freeze()
        started = perf_counter()
        triggers = list(map(_read, records))
        read = perf_counter() - started
        started = perf_counter()
        ruleset = IndexedRuleset().apply(triggers)
        applied = perf_counter() - started
        started = perf_counter()
        Ruleset.empty().apply(triggers)
        plainly = perf_counter() - started
    if len(ruleset) != count:
        raise AssertionError(f"{len(ruleset)} triggers are in force, {count} were read")
    changes = []
    for change in map(_read, later):
        started = perf_counter()
        ruleset = ruleset.apply([change])
        changes.append(perf_counter() - started)
    return StartFigure(count, read, applied, applied - plainly, median(changes) * 1000, _most_memory())


def _most_memory() -> float:
    """In MB; unlike `ru_maxrss` it does not begin with what the parent of the process had."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def _read(record: OutgoingRecord) -> Trigger:
    said = decode_trigger(record.key, record.value, record.headers)
    if isinstance(said, Removal):
        raise TypeError("a removal, where none was written")
    return to_trigger(said)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(_measured(int(sys.argv[1]))))
