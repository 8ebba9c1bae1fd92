"""`python -m tests.bench.matching`: events a second by shape and number of rules, `--rivals` beside event-ruler.

No figure is printed before the ids found agree: on a sample with the plain oracle, on every event with each rival. A
matcher is a process of its own and speaks the protocol of `tests.bench.rivals.protocol`; `--rival NAME=COMMAND` adds
one.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from rich.console import Console
from tests.bench.matching.shapes import SHAPES, Shape
from tests.bench.page import write_matching
from tests.bench.rivals import event_ruler
from tests.bench.rivals.protocol import DriverFailed, DriverRun, drive, write_lines
from tests.support.pattern_oracle import matches

EVENTS: Final = 2_000
ORACLE_CHECKS: Final = 200_000
OURS: Final = "ensue"
_SECTION: Final = """
EventBridge patterns and raw JSON events in, ids out, decoding included; one process, one core. The ids were compared,
with a plain oracle on a sample and with each rival on every event, before a figure was printed. `matches` is the mean
number of rules that an event matches; a figure in brackets is how many times as fast Ensue is.

Written by `python -m tests.bench.matching {command}`.

{table}
"""


def measure(shape: Shape, count: int, drivers: Mapping[str, Sequence[str]], options: argparse.Namespace) -> list[str]:
    """One row of the table."""
    random = Random(count)  # noqa: S311  # draws rules and events
    rules = [{"id": f"r{index}", "pattern": shape.pattern(random, index, count)} for index in range(count)]
    events = [shape.event(random, count) for _ in range(EVENTS)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_lines(folder / "rules.jsonl", rules)
        write_lines(folder / "events.jsonl", events)
        ours = drive(drivers[OURS], folder, seconds=options.seconds, patience=options.patience)
        _agree_with_oracle(rules, events, ours)
        rate, found = EVENTS / ours.seconds, sum(map(len, ours.ids)) / EVENTS
        row = [shape.name, f"{count:,}", f"{found:.1f}", f"{ours.build_seconds:.2f} s", f"{rate:,.0f}"]
        for rival, command in drivers.items():
            if rival != OURS:
                row.append(_beside(ours, command, folder, options))
    return row


def _agree_with_oracle(rules: Iterable[Mapping[str, Any]], events: Sequence[Any], ours: DriverRun) -> None:
    every = list(rules)
    for index in range(min(EVENTS, max(1, ORACLE_CHECKS // len(every)))):
        wanted = sorted(rule["id"] for rule in every if matches(rule["pattern"], events[index]))
        if wanted != ours.ids[index]:
            raise SystemExit(f"wrong ids for event {index}: {set(wanted) ^ set(ours.ids[index])}")


def _beside(ours: DriverRun, command: Sequence[str], folder: Path, options: argparse.Namespace) -> str:
    try:
        theirs = drive(command, folder, seconds=options.seconds, patience=options.patience)
    except DriverFailed as failed:
        return f"failed: {str(failed).splitlines()[0][:60]}"
    if theirs.ids != ours.ids:
        differing = sum(a != b for a, b in zip(theirs.ids, ours.ids, strict=True))
        return f"other ids for {differing} events"
    return f"{EVENTS / theirs.seconds:,.0f} ({theirs.seconds / ours.seconds:.1f}x)"


def _drivers(options: argparse.Namespace) -> dict[str, Sequence[str]]:
    drivers: dict[str, Sequence[str]] = {OURS: [sys.executable, "-m", "tests.bench.rivals.ensue_driver"]}
    if options.rivals and (command := event_ruler.command()) is not None:
        drivers[f"event-ruler {event_ruler.VERSION}"] = command
    for named in options.rival:
        name, _, text = named.partition("=")
        drivers[name] = shlex.split(text)
    return drivers


def main() -> None:
    """Parse the arguments, measure, print the table as it grows."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.matching", description=__doc__)
    parser.add_argument("--rivals", action="store_true", help="beside event-ruler, where a JDK is there")
    parser.add_argument("--rival", action="append", default=[], metavar="NAME=COMMAND", help="one more driver")
    parser.add_argument("--rules", default="10,1000,10000,100000", help="numbers of rules")
    parser.add_argument("--shape", default="", help="only shapes whose name contains this")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each matcher runs")
    parser.add_argument("--write", action="store_true", help="into docs/BENCHMARKS.md, in place of what stands there")
    parser.add_argument("--patience", type=float, default=100.0, help="how long a matcher may take in all")
    options = parser.parse_args()
    drivers, console = _drivers(options), Console(width=200)
    heads = ["shape", "rules", "matches", "build", *(f"{name}, events/s" for name in drivers)]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    console.print("\n".join(lines), markup=False, highlight=False)
    for shape in SHAPES:
        if options.shape in shape.name:
            for count in map(int, options.rules.split(",")):
                lines.append(f"| {' | '.join(measure(shape, count, drivers, options))} |")
                console.print(lines[-1], markup=False, highlight=False)
    if options.write:
        write_matching(_SECTION.format(command=shlex.join(sys.argv[1:]), table="\n".join(lines)))


if __name__ == "__main__":
    main()
