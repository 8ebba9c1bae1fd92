"""The driver protocol: how any matcher, in any language, takes part in `make bench-rivals`.

A driver is a command. It is given four arguments more: RULES, EVENTS, IDS, SECONDS. RULES has one JSON object a line,
{"id": text, "pattern": EventBridge pattern}; EVENTS has one event a line. The driver builds its matcher, matches all
events again and again for SECONDS, then writes to IDS one JSON array of ids a line, in the order of the events, and
prints {"build_seconds": ..., "seconds": the fastest pass over all events, decoding included}; "rss_mb" may be added.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec


class DriverFailed(Exception):
    """A driver ended badly or took too long; the text says which."""


@dataclass(frozen=True, slots=True)
class DriverRun:
    """What a driver said. ids: for each event the ids it found, sorted."""

    build_seconds: float
    seconds: float
    ids: list[list[str]]
    rss_mb: float


class _Said(msgspec.Struct):
    build_seconds: float
    seconds: float
    rss_mb: float = 0.0


def write_lines(path: Path, values: Sequence[Any]) -> None:
    """One JSON value a line."""
    path.write_bytes(b"\n".join(map(msgspec.json.encode, values)) + b"\n")


def drive(command: Sequence[str], folder: Path, *, seconds: float, patience: float) -> DriverRun:
    """Run a driver on `rules.jsonl` and `events.jsonl` of a folder; DriverFailed where it gives no result."""
    ids = folder / "ids.jsonl"
    arguments = [*command, str(folder / "rules.jsonl"), str(folder / "events.jsonl"), str(ids), str(seconds)]
    try:
        done = subprocess.run(arguments, capture_output=True, timeout=patience, check=True)
    except subprocess.TimeoutExpired:
        raise DriverFailed(f"no result within {patience:.0f} s") from None
    except subprocess.CalledProcessError as error:
        raise DriverFailed(error.stderr.decode(errors="replace")[-2000:]) from None
    said = msgspec.json.decode(done.stdout, type=_Said)
    found = [sorted(msgspec.json.decode(line, type=list[str])) for line in ids.read_bytes().splitlines()]
    return DriverRun(said.build_seconds, said.seconds, found, said.rss_mb)
