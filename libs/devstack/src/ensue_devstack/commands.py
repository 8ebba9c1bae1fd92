"""`ensue dev up | down | status | logs | reset`: the stack of one project. Loaded by the command `ensue`."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from ensue.core.errors import InvalidValue
from ensue.exits import ExitCode
from ensue_devstack.layout import FOLDER
from ensue_devstack.logs import follow, last_lines, log_files
from ensue_devstack.processes import members
from ensue_devstack.screen import ended_by_signals, shown_progress, status_table, watch
from ensue_devstack.stack import Raised, Stack, Status
from ensue_devstack.starting import StackFailed
from ensue_devstack.state import Extent, Phase

dev = typer.Typer(no_args_is_help=True, help="A real Kafka, a real PostgreSQL and every service, on this machine.")

Root = Annotated[
    Path, typer.Option("--root", help="The project's folder; its stack lives in .ensue/ there.", show_default="here")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
HERE = Path()


@dev.command()
def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Leave it running; `ensue dev down` ends it.")] = False,
    services: Annotated[bool, typer.Option(help="Run the services, not the servers alone.")] = True,
    as_json: AsJson = False,
    root: Root = HERE,
) -> None:
    """Start everything, or use what runs; wait until all is ready, write .ensue/dev.json. Ctrl-C ends it."""
    stack = _stack(root)
    extent = Extent.SERVICES if services else Extent.PREPARED
    with ended_by_signals():
        with shown_progress() as report:
            raised = stack.raise_up(extent, report, attached=not detach)
        if detach:
            _show(stack, raised, as_json=as_json)
        else:
            _stay(stack, raised, as_json=as_json)


@dev.command()
def down(*, as_json: AsJson = False, root: Root = HERE) -> None:
    """End the stack and everything that it started; its data stay."""
    stack = _stack(root)
    was_running = stack.status().running
    with shown_progress() as report:
        stack.take_down(report)
    if as_json:
        typer.echo(json.dumps({"was_running": was_running}))
    else:
        typer.echo("Stopped." if was_running else "Nothing was running.")


@dev.command()
def status(*, as_json: AsJson = False, root: Root = HERE) -> None:
    """Show each process: ready, or why not, and how often it was started again. Exit 0 if all are ready, else 1."""
    stack = _stack(root)
    found = stack.status()
    if as_json:
        state = msgspec.to_builtins(found.state) if found.state else {}
        typer.echo(json.dumps({**state, "running": found.running, "ready": found.is_ready}))
    elif found.running and found.state is not None:
        Console().print(status_table(found.state))
    else:
        typer.echo(_why_not_running(stack, found))
    raise typer.Exit(ExitCode.DONE if found.is_ready else ExitCode.NO)


@dev.command()
def logs(
    process: Annotated[
        str | None, typer.Argument(help="Only this one: kafka, postgres, supervisor, a service.")
    ] = None,
    *,
    following: Annotated[bool, typer.Option("--follow", "-f", help="Go on as more is written.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines of each.")] = 50,
    as_json: AsJson = False,
    root: Root = HERE,
) -> None:
    """Show what the processes wrote."""
    files = log_files(_stack(root).layout, process)
    write = _write_json if as_json else _write_plain
    written_from_now_on = follow(files)
    for name, line in last_lines(files, lines):
        write(name, line)
    if following:
        with suppress(KeyboardInterrupt), ended_by_signals():
            for name, line in written_from_now_on:
                write(name, line)


@dev.command()
def reset(*, as_json: AsJson = False, root: Root = HERE) -> None:
    """End the stack and delete its data, secrets and logs."""
    stack = _stack(root)
    with shown_progress() as report:
        stack.reset(report)
    typer.echo(json.dumps({"deleted": str(stack.layout.home)}) if as_json else f"Deleted the data in {FOLDER}/.")


def _stack(root: Path) -> Stack:
    if not root.is_dir():
        raise InvalidValue(f"--root {root}: there is no such folder")
    return Stack.of(root)


def _show(stack: Stack, raised: Raised, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(raised.info).decode())
        return
    console = Console()
    state = stack.status().state
    if state is not None:
        console.print(status_table(state))
    if raised.info.api_url:
        console.print(f"API    {raised.info.api_url}   key {raised.info.api_key}", highlight=False, soft_wrap=True)
    console.print(f"Kafka  {raised.info.kafka_bootstrap}", highlight=False, soft_wrap=True)
    console.print(f"More   {stack.layout.dev_info}; `ensue dev logs -f`", highlight=False, soft_wrap=True)


def _stay(stack: Stack, raised: Raised, *, as_json: bool) -> None:
    """Until Ctrl-C, or until somebody else takes the stack down."""
    try:
        _show(stack, raised, as_json=as_json)
        watch(stack, quiet=as_json)
    except KeyboardInterrupt:
        if not raised.started:
            typer.echo("It was running before and goes on; `ensue dev down` ends it.", err=True)
            return
        with shown_progress() as report:
            stack.take_down(report)
        typer.echo("Stopped.", err=True)
        return
    final = stack.status().state
    if final is None or final.phase is not Phase.STOPPED:
        raise StackFailed(_why_not_running(stack, stack.status()))
    typer.echo("The stack was taken down.", err=True)


def _why_not_running(stack: Stack, found: Status) -> str:
    if found.state is None:
        return "Nothing runs. `ensue dev up` starts it."
    if found.state.phase is Phase.FAILED:
        return f"It could not be started: {found.state.reason}"
    if found.state.phase is Phase.STOPPED:
        return "It is stopped. `ensue dev up` starts it again, with its data."
    left = len(members(stack.layout))
    return f"Its supervisor was killed; {left} processes are left. `ensue dev up` or `ensue dev down` ends them."


def _write_plain(name: str, line: str) -> None:
    sys.stdout.write(f"{name:<12} {line}\n")
    sys.stdout.flush()


def _write_json(name: str, line: str) -> None:
    sys.stdout.write(json.dumps({"process": name, "line": line}) + "\n")
    sys.stdout.flush()
