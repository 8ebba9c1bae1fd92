"""One measurement: a shape at a number of rules, Ensue and its rivals in processes of their own, ids compared first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.bench.matching.orders import AS_IS, Order
from tests.bench.matching.shapes import Shape
from tests.bench.rivals.protocol import DriverFailed, DriverRun, drive, write_lines
from tests.support.pattern_oracle import matches

EVENTS: Final = 2_000
ORACLE_CHECKS: Final = 200_000

Command = Sequence[str]


@dataclass(frozen=True, slots=True)
class Contest:
    """Who is measured, and for how long. patience: seconds that one matcher may take in all."""

    ours: Command
    rivals: Mapping[str, Command]
    seconds: float
    patience: float


@dataclass(frozen=True, slots=True)
class Figure:
    """What one measurement gave. matches: rules an event, on average; rivals: events/s, or why there is no figure."""

    shape: str
    rules: int
    matches: float
    build_seconds: float
    rss_mb: float
    events_per_second: float
    rivals: Mapping[str, float | str] = field(default_factory=dict)


def measure(shape: Shape, count: int, contest: Contest, order: Order = AS_IS) -> Figure:
    """The figure of `count` rules; SystemExit where Ensue and the plain oracle disagree about an event."""
    random = Random(count)  # noqa: S311  # draws rules and events
    rules = [
        {"id": f"r{index}", "pattern": order.pattern(shape.pattern(random, index, count))} for index in range(count)
    ]
    events = [order.event(shape.event(random, count)) for _ in range(EVENTS)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_lines(folder / "rules.jsonl", rules)
        write_lines(folder / "events.jsonl", events)
        ours = drive(contest.ours, folder, seconds=contest.seconds, patience=contest.patience)
        _agree_with_oracle(rules, events, ours)
        return Figure(
            shape=shape.name,
            rules=count,
            matches=sum(map(len, ours.ids)) / EVENTS,
            build_seconds=ours.build_seconds,
            rss_mb=ours.rss_mb,
            events_per_second=EVENTS / ours.seconds,
            rivals={name: _of_rival(ours, command, folder, contest) for name, command in contest.rivals.items()},
        )


def _agree_with_oracle(rules: Iterable[Mapping[str, Any]], events: Sequence[Any], ours: DriverRun) -> None:
    every = list(rules)
    for index in range(min(EVENTS, max(1, ORACLE_CHECKS // len(every)))):
        wanted = sorted(rule["id"] for rule in every if matches(rule["pattern"], events[index]))
        if wanted != ours.ids[index]:
            raise SystemExit(f"wrong ids for event {index}: {set(wanted) ^ set(ours.ids[index])}")


def _of_rival(ours: DriverRun, command: Command, folder: Path, contest: Contest) -> float | str:
    try:
        theirs = drive(command, folder, seconds=contest.seconds, patience=contest.patience)
    except DriverFailed as failed:
        return str(failed).splitlines()[0][:60]
    if theirs.ids != ours.ids:
        differing = sum(a != b for a, b in zip(theirs.ids, ours.ids, strict=True))
        return f"other ids for {differing} events"
    return EVENTS / theirs.seconds
