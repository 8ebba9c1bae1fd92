"""`ensue explain --trigger F --event F`: why a trigger does or does not fire, as a tree. No server is needed.

Loaded by `ensue.cli` through the entry-point group `ensue.commands`. Exit 0 all match, 1 one does not, 2 a wrong file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from ensue.core.conditions.explanation import Explanation
from ensue.core.errors import InvalidValue
from ensue.exits import ExitCode
from ensue.match_command import read_files
from ensue.runtime.clock import SystemClock
from ensue.wire.calendar_files import read_calendars
from ensue.wire.explained import Explained, explain_rule, miss, sentence_of, to_json
from ensue.wire.fault_lines import printable
from ensue.wire.sample_events import event_of

WIDTH: Final = 200  # of lines that no terminal shows


def explain(
    trigger: Annotated[
        Path, typer.Option(help="Triggers, {id, where} or {id, pattern}; YAML, JSON, JSON lines; - reads the input.")
    ],
    event: Annotated[Path, typer.Option(help="Events: JSON lines, JSON or YAML; - reads JSON lines from the input.")],
    *,
    calendars: Annotated[
        Path | None, typer.Option(help="Calendars that conditions name: a file of names and dates.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Answer in JSON: a list, one object a trigger and event.")
    ] = False,
) -> None:
    """Say of every test what it wanted, what was there and whether it decided; of a miss, what came nearest."""
    read = read_files(trigger, event, read_calendars(calendars))
    if read is None:
        raise typer.Exit(ExitCode.INVALID)
    rules, events = read
    if not rules or not events:
        raise InvalidValue(f"{event if rules else trigger} holds no {'event' if rules else 'trigger'}")
    decoded = [(event_of(each.document), each.document) for each in events]
    now = SystemClock().now()
    answers = [explain_rule(rule, one, one.time or now, raw) for rule in rules for one, raw in decoded]
    if as_json:
        print(json.dumps([to_json(answer) for answer in answers], indent=2, ensure_ascii=False))
    else:
        _print(answers)
    raise typer.Exit(ExitCode.DONE if all(answer.matches for answer in answers) else ExitCode.NO)


def _print(answers: Sequence[Explained]) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    for answer in answers:
        console.print(tree_of(answer))
        if answer.nearest:
            console.print(Text("nearest miss: ", "bold") + Text(" and ".join(map(miss, answer.nearest))))


def tree_of(answer: Explained) -> Tree:
    """The tree of an explanation: what decided is bright, what did not is dim."""
    verdict = Text("matches", "bold green") if answer.matches else Text("does not match", "bold red")
    tree = Tree(Text(f"{printable(answer.rule_id)}: ", "bold") + verdict)
    for reason in answer.reasons:
        tree.add(Text(f"✗ {printable(reason)}", "red"))
    _add(tree, answer.where)
    return tree


def _add(tree: Tree, node: Explanation) -> None:
    style = "green" if node.verdict else "red"
    mark = "✓" if node.verdict else "✗"
    line = Text(f"{mark} {sentence_of(node)}", style if node.decided else f"dim {style}")
    branch = tree.add(line)
    for member in node.members:
        _add(branch, member)
