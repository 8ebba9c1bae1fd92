"""`make bench`: measures on real servers and writes docs/BENCHMARKS.md. Ratios count, figures are this machine's."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console
from tests.bench import dispatcher, evaluator, start, swap
from tests.bench.evaluator import Load
from tests.bench.page import write_processes
from tests.bench.report import Report
from tests.bench.scene import bench_servers

from ensue_devstack.servers import Servers

EVALUATIONS = (
    Load(rules=10, share=0.01, events=200_000),
    Load(rules=10_000, share=0.01, events=200_000),
    Load(rules=10_000, share=0.01, events=200_000, same_type=True),
    Load(rules=1_000, share=1.0, events=60_000),
)
RUNS = 3
STARTS = (1_000, 10_000, 100_000)
SWAPS = (10_000, 100_000)


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    with console.status(what):
        yield
    console.print(f"[green]done[/] {what}")


async def run(servers: Servers, console: Console, scale: float) -> Report:
    """All benchmarks, one after the other."""
    report = Report(
        machine=f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}",
        command="make bench" if scale == 1.0 else f"make bench BENCH_ARGS='--scale {scale:g}'",
    )
    for whole in EVALUATIONS:
        load = replace(whole, events=int(whole.events * scale))
        with _step(console, f"evaluator: {load.rules} triggers, {load.share:.0%} of {load.events} events match"):
            report.evaluations.append([await evaluator.measure(servers, load) for _ in range(RUNS)])
    for triggers in STARTS:
        with _step(console, f"evaluator: {triggers} triggers put in force"):
            report.starts.append(await asyncio.to_thread(start.measure, triggers))
    for rules in SWAPS:
        with _step(console, f"evaluator: events while some of {rules} triggers change"):
            report.swaps.append(await swap.measure(servers, rules=rules, seconds=15 * scale))
    firings = int(10_000 * scale)
    with _step(console, f"dispatcher: {firings} webhook firings"):
        report.dispatches.append(await dispatcher.measure(servers, firings=firings))
    return report


def main() -> None:
    """Parse the arguments, measure, print, and write the page unless asked not to."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full number of events (0.1 is quick)")
    parser.add_argument("--dry", action="store_true", help="print only, do not write docs/BENCHMARKS.md")
    arguments = parser.parse_args()
    console = Console()
    with bench_servers() as servers:
        page = asyncio.run(run(servers, console, arguments.scale)).page()
    console.print(page, markup=False)
    if not arguments.dry:
        write_processes(page)


if __name__ == "__main__":
    main()
