"""`python -m tests.bench.matching`: events a second by shape and number of rules; with `--rivals` beside event-ruler.

No figure is printed before the ids found agree: on a sample with the plain oracle, on every event with each rival. A
matcher is a process of its own and speaks the protocol of `tests.bench.rivals.protocol`; `--rival NAME=COMMAND` adds
one.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from tests.bench.matching import tables
from tests.bench.matching.measure import Contest, Figure, measure
from tests.bench.matching.orders import AS_IS, ORDERS, Order
from tests.bench.matching.shapes import SHAPES, Shape
from tests.bench.page import write_matching
from tests.bench.rivals import event_ruler

COMPARED: Final = (1_000, 100_000)
REORDERED: Final = ("selective equality", "in-lists of 10", "200 shapes mixed")
_SECTION: Final = """
EventBridge patterns and raw JSON events in, ids out, decoding included; one process, one core. The ids were compared,
with a plain oracle on a sample and with each rival on every event, before a figure was given. `matches` is the number
of rules that an event matches, on average; the rules of a shape are drawn so that it stays as it is while they grow.

Written by `python -m tests.bench.matching {command}`.

### From few rules to many

Events a second by the number of rules; `kept` is the last of them over the first (over the first of which an event
matches about as many). Build and memory (of the whole process, rules and events included) are those of the most rules.

{growth}
"""
_RIVALS: Final = """
### Beside others

The same rules and events in the same run. A figure in brackets is how many times as fast Ensue is.

{contest}

### The order of fields

The same again with names that sort otherwise, and with the members of every event in reverse.

{orders}
"""


def main() -> None:
    """Parse the arguments, measure, print each figure as it is found and the tables at the end."""
    options = _parser().parse_args()
    console = Console(width=200)
    contest = Contest(
        ours=[sys.executable, "-m", "tests.bench.rivals.ensue_driver"],
        rivals=_rivals(options),
        seconds=options.seconds,
        patience=options.patience,
    )
    shapes = [shape for shape in SHAPES if options.shape in shape.name]
    text = _measured(shapes, [int(count) for count in options.rules.split(",")], contest, console)
    console.print(text, markup=False, highlight=False)
    if options.write:
        write_matching(text.replace(_COMMAND, shlex.join(sys.argv[1:])))


_COMMAND: Final = "{command}"


def _measured(shapes: Sequence[Shape], counts: Sequence[int], contest: Contest, console: Console) -> str:
    def figure(shape: Shape, count: int, order: Order = AS_IS, *, alone: bool = False) -> Figure:
        rivals: Mapping[str, Sequence[str]] = {} if alone else contest.rivals
        found = measure(shape, count, Contest(contest.ours, rivals, contest.seconds, contest.patience), order)
        console.print(" | ".join([order.name, *tables.beside(found)]), markup=False, highlight=False)
        return found

    grown = [figure(shape, count, alone=count not in COMPARED) for shape in shapes for count in counts]
    text = _SECTION.format(command=_COMMAND, growth=tables.growth(grown))
    compared = [each for each in grown if each.rivals]
    if not compared:
        return text
    reordered = {
        order.name: [figure(shape, count, order) for shape in shapes if shape.name in REORDERED for count in COMPARED]
        for order in ORDERS[1:]
    }
    return text + _RIVALS.format(contest=tables.contest(compared), orders=tables.orders(reordered))


def _rivals(options: argparse.Namespace) -> dict[str, Sequence[str]]:
    rivals: dict[str, Sequence[str]] = {}
    if options.rivals and (command := event_ruler.command()) is not None:
        rivals[f"event-ruler {event_ruler.VERSION}"] = command
    for named in options.rival:
        name, _, text = named.partition("=")
        rivals[name] = shlex.split(text)
    return rivals


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.matching", description=__doc__)
    parser.add_argument("--rivals", action="store_true", help="beside event-ruler, where a JDK is there")
    parser.add_argument("--rival", action="append", default=[], metavar="NAME=COMMAND", help="one more driver")
    parser.add_argument("--rules", default="10,1000,10000,100000", help="numbers of rules")
    parser.add_argument("--shape", default="", help="only shapes whose name contains this")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each matcher runs")
    parser.add_argument("--write", action="store_true", help="into docs/BENCHMARKS.md, in place of what stands there")
    parser.add_argument("--patience", type=float, default=100.0, help="how long a matcher may take in all")
    return parser


if __name__ == "__main__":
    main()
