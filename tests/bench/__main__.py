"""`make bench`: measures on real servers and writes docs/BENCHMARKS.md. Ratios count, figures are this machine's."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from tests.bench import dispatcher, evaluator
from tests.bench.page import write_processes
from tests.bench.report import Report
from tests.bench.scene import bench_servers

from ensue_devstack.servers import Servers

EVALUATIONS = ((10, 0.01), (1_000, 0.01), (1_000, 1.0))


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    with console.status(what):
        yield
    console.print(f"[green]done[/] {what}")


async def run(servers: Servers, console: Console, scale: float) -> Report:
    """All benchmarks, one after the other."""
    report = Report(machine=f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}")
    for rules, share in EVALUATIONS:
        events = int((200_000 if share < 1 else 60_000) * scale)
        with _step(console, f"evaluator: {rules} triggers, {share:.0%} of {events} events match"):
            report.evaluations.append(await evaluator.measure(servers, rules=rules, share=share, events=events))
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
