"""The command `ensue`: one program whose subcommands come from whichever packages are installed.

A package adds a command by naming a function or a Typer app in the entry-point group `ensue.commands`; only the one
that is called is imported, so that `ensue log` does not load a Kafka client. Called as the console script `ensue`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from errno import ENOSPC
from functools import cache
from importlib.metadata import EntryPoint, entry_points, version
from io import TextIOWrapper
from typing import Annotated

import typer

from ensue.core.errors import EnsueError
from ensue.exits import ExitCode, exit_code_of
from ensue.wire.faults import DocumentInvalid, Fault

COMMANDS_GROUP = "ensue.commands"
PURPOSE = "When X happens, Y ensues. Exit codes: 0 done, 1 the answer is no, 2 the input is wrong, 3 a server is away."


def main() -> None:
    """Run the command line of this process and end it with a typed exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # whatever the locale says: JSON and trees have more than ASCII
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _unwritten(error)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; whatever Ensue expects to go wrong is a sentence on stderr, never a traceback."""
    try:
        assemble(arguments)(args=list(arguments), prog_name="ensue")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.DONE
    except EnsueError as error:
        sys.stderr.write(explain(error))
        return exit_code_of(error)
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        return _unwritten(error)
    return ExitCode.DONE


def _unwritten(error: OSError) -> ExitCode:
    """Whoever reads the output has gone, or there is no room for it."""
    with suppress(OSError):
        sys.stderr.write(f"ensue: {error.strerror or type(error).__name__}\n")
    os.dup2(
        os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
    )  # what is left goes nowhere at the end of the process
    return ExitCode.NO


def assemble(arguments: Sequence[str]) -> typer.Typer:
    """The application, with the one command that `arguments` name, or with all of them (for help and typing errors)."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback(help=PURPOSE)(_options)
    available = installed_commands()
    wanted = arguments[0] if arguments else ""
    for name in [wanted] if wanted in available else sorted(available):
        _add(app, name, available[name])
    return app


@cache
def installed_commands() -> Mapping[str, EntryPoint]:
    """Every command that an installed package offers, by its name."""
    return {entry.name: entry for entry in entry_points(group=COMMANDS_GROUP)}


def explain(error: EnsueError) -> str:
    """The failure in words for the terminal; a wrong document has a line for each place that is wrong."""
    if not isinstance(error, DocumentInvalid):
        return f"ensue: {error}\n"
    return "\n".join(["ensue: the document is wrong", *map(_place, error.faults), ""])


def _place(fault: Fault) -> str:
    right = f" ({fault.expected})" if fault.expected else ""
    return f"  {fault.pointer or '/'}: {fault.message}{right}"


def _add(app: typer.Typer, name: str, entry: EntryPoint) -> None:
    command = entry.load()
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name=name)(command)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - an option's callback gets the option's value
    if wanted:
        typer.echo(f"ensue {version('ensue')}")
        raise typer.Exit(ExitCode.DONE)


def _options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Options that stand before the command."""


if __name__ == "__main__":
    main()
