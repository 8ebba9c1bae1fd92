"""What a person sees of a stack: progress while it starts, a table of its processes. Called by the commands."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Column, Table

from ensue_devstack.progress import Progress, Report
from ensue_devstack.stack import Stack
from ensue_devstack.state import Condition, StackState

LOOK_SECONDS = 0.5
COLOURS = {
    Condition.READY: "green",
    Condition.STARTING: "yellow",
    Condition.WAITING: "yellow",
    Condition.NOT_READY: "red",
    Condition.BACKING_OFF: "red",
    Condition.STOPPED: "dim",
}


@contextmanager
def shown_progress() -> Iterator[Report]:
    """A way to report that shows a moving line on a terminal, and each new sentence once anywhere else (on stderr)."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _each_sentence_once(console)
        return
    text = TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
    columns = (SpinnerColumn(), TimeElapsedColumn(), BarColumn(bar_width=16), text)
    with Bar(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task("starting", total=None)

        def report(progress: Progress) -> None:
            bar.update(task, description=progress.text, completed=progress.done or 0, total=progress.total)

        yield report


def _each_sentence_once(console: Console) -> Report:
    last = ""

    def report(progress: Progress) -> None:
        nonlocal last
        sentence = progress.text.partition(":")[0]
        if sentence != last:
            last = sentence
            console.print(sentence, highlight=False, markup=False, soft_wrap=True)

    return report


def status_table(state: StackState) -> Table:
    """Every process: how it is, where, how often it was started again, and why it is not ready."""
    table = Table(box=None, pad_edge=False)
    for heading in ("process", "state", "pid", "port", "restarts", "why"):
        table.add_column(heading, justify="right" if heading in ("pid", "port", "restarts") else "left")
    for one in state.processes:
        colour = COLOURS[one.condition]
        table.add_row(
            one.name,
            f"[{colour}]{one.condition.value}[/{colour}]",
            str(one.pid or ""),
            str(one.port or ""),
            str(one.restarts),
            (one.reason or "").partition("\n")[0],
        )
    return table


def watch(stack: Stack, *, quiet: bool) -> None:
    """Show the table, changing, until the stack is no more. KeyboardInterrupt passes through."""
    console = Console()
    if quiet or not console.is_terminal:
        while stack.status().running:
            time.sleep(LOOK_SECONDS)
        return
    with Live(console=console, refresh_per_second=4) as live:
        while (found := stack.status()).running:
            if found.state is not None:
                live.update(status_table(found.state))
            time.sleep(LOOK_SECONDS)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """A request to end (SIGTERM, a closed terminal) is treated like Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    former = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
