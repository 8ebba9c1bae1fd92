"""`ensue demo`: bring a stack up if none runs, play the story, show the sums, stay until Ctrl-C. Loaded by `commands`.

Exit 0 if the sums agree, 1 if not, 3 if a server could not be had. A stack that the demo started ends with it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from ensue.core.errors import Unavailable
from ensue.core.json import JsonObject
from ensue.exits import ExitCode
from ensue.runtime.clock import SystemClock
from ensue.runtime.ids import SystemIds
from ensue_devstack.demo.example_files import find_examples
from ensue_devstack.demo.github_bodies import Body, github_bodies
from ensue_devstack.demo.screen import Screen, as_json, summary_table
from ensue_devstack.demo.story import Stage, Story, put_away
from ensue_devstack.screen import ended_by_signals, shown_progress
from ensue_devstack.stack import Raised, Stack
from ensue_devstack.state import Extent

RUN_DIGITS = 8


def demo(
    *,
    exit_when_done: Annotated[bool, typer.Option("--exit", help="End when the sums are known.")] = False,
    json_wanted: Annotated[bool, typer.Option("--json", help="Say the sums in JSON; all else goes to stderr.")] = False,
) -> None:
    """Start everything, run two real pipelines, show their chains live, and check that the sums agree."""
    examples = find_examples(Path.cwd())
    screen = Screen(Console(stderr=json_wanted))
    stack = Stack.of(examples.parent)
    clock = SystemClock()
    begun = clock.monotonic()
    with ended_by_signals(), _stack_up(stack) as (raised, bodies):
        screen.say(f"The stack is up after {clock.monotonic() - begun:.0f} s: Apache Kafka, PostgreSQL, four services.")
        stage = Stage(raised.info, stack.layout, examples, run=SystemIds().new().hex[:RUN_DIGITS])
        with _triggers_put_away(stage) as names:
            sums = asyncio.run(_play(stage, screen, bodies, names))
            if json_wanted:
                typer.echo(orjson.dumps(sums, option=orjson.OPT_INDENT_2).decode())
            screen.say(f"The demo took {clock.monotonic() - begun:.0f} s.")
            if not exit_when_done:
                _show_more(screen, raised, examples)
                asyncio.run(_until_told_to_stop())
    raise typer.Exit(ExitCode.DONE if sums["agree"] else ExitCode.NO)


@contextmanager
def _stack_up(stack: Stack) -> Iterator[tuple[Raised, list[Body]]]:
    """The running stack and what is published into it. Taken down afterwards, if it did not run before."""
    with shown_progress() as report:
        bodies = github_bodies(report)
        raised = stack.raise_up(Extent.SERVICES, report, attached=True)
    try:
        yield raised, bodies
    finally:
        if raised.started:
            with shown_progress() as report:
                stack.take_down(report)


@contextmanager
def _triggers_put_away(stage: Stage) -> Iterator[dict[str, str]]:
    """The names of the demo's triggers by their ids, to be filled; however the demo ends, these fire no more."""
    names: dict[str, str] = {}
    try:
        yield names
    finally:
        with suppress(Unavailable):  # somebody took the stack down meanwhile
            asyncio.run(put_away(stage.connection, names))


async def _play(stage: Stage, screen: Screen, bodies: list[Body], names: dict[str, str]) -> JsonObject:
    async with AsyncExitStack() as stack:
        story = await Story.begin(stage, screen, SystemClock(), stack)
        story.names = names
        await story.studio()
        sums = await story.github(bodies)
        fired = await story.witness.firings_by_trigger(story.chains)
        screen.heading("The sums, as Kafka and the audit give them")
        screen.console.print(summary_table(sums))
        screen.say(f"  The worker's files are in {stage.files}; the first chain is {story.chains[0]}.")
        return as_json(sums, fired, story.names)


def _show_more(screen: Screen, raised: Raised, examples: Path) -> None:
    ensue = Path(sys.argv[0])
    shown = ensue.relative_to(Path.cwd()) if ensue.is_relative_to(Path.cwd()) else ensue
    screen.heading("See more, in another terminal")
    screen.say(
        f"  {shown} log                       what fired, newest first\n"
        f"  {shown} log --status succeeded    and how it ended\n"
        f"  {shown} chain ID                  the tree of one chain\n"
        f"  {shown} triggers list             the triggers; their files are in {examples}\n"
        f'  {shown} publish bug.reported --subject me --data \'{{"title": "try it"}}\'\n'
        f"  {shown} dev status                the processes, their ports and logs\n"
        f"  {raised.info.api_url}/openapi.json   the API\n"
        "Ctrl-C ends the demo."
    )


async def _until_told_to_stop() -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()
