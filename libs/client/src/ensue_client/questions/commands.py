"""`ensue triggers validate`, `explain` and `limits`: questions to a running system that change nothing.

Added to `ensue triggers` by `commands`. Exit 0 yes, 1 the answer is no, 2 the input is wrong, 3 a server is away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.text import Text

from ensue.core.errors import InvalidValue
from ensue.core.json import Json, JsonObject
from ensue.exits import ExitCode
from ensue.explain_command import tree_of
from ensue.wire.explained import miss, read_json
from ensue_client.answers import member, members, text
from ensue_client.asking import ApiKey, ApiUrl, AsJson, ask, say_json
from ensue_client.client import Client, trigger_names
from ensue_client.errors import faults_of
from ensue_client.files import read_documents
from ensue_client.screens import screen

Files = Annotated[list[Path], typer.Argument(help="Triggers, or {where} alone, in JSON or YAML; - is the input.")]
Events = Annotated[
    list[Path] | None, typer.Option("--event", help="Events in JSON, JSON lines or YAML; - is the input.")
]


def validate(
    files: Files,
    *,
    event: Events = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Ask whether a save would take the triggers; with --event, how many of these they would fire for."""
    samples: Json = read_documents(event, "event") if event else None
    documents = read_documents(files, "trigger")
    if samples is not None:
        documents = [{**document, "samples": samples} for document in documents]

    async def validated(client: Client) -> list[JsonObject]:
        return [await client.validate_trigger(document) for document in documents]

    answers = ask(validated, api_url, api_key)
    if as_json:
        say_json({"items": answers})
    else:
        for document, answer in zip(documents, answers, strict=True):
            _show_validated(str(document.get("name", "the condition")), answer)
    raise typer.Exit(ExitCode.DONE if all(answer.get("valid") for answer in answers) else ExitCode.NO)


def explain(  # noqa: PLR0913 - the options of a command are its arguments
    trigger_id: Annotated[str, typer.Argument(metavar="ID", help="The trigger's id.")],
    *,
    event: Events = None,
    event_uid: Annotated[str | None, typer.Option(metavar="ID", help="An event of the journal instead.")] = None,
    revision: Annotated[int | None, typer.Option(help="An older revision of the trigger.")] = None,
    at: Annotated[str | None, typer.Option(help="The instant to decide at, for example 2026-01-31T09:30:00Z.")] = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Say of every test of a trigger what it wanted and what was there; of a miss, what came nearest."""
    if bool(event) == bool(event_uid):
        raise InvalidValue("give either --event or --event-uid")
    events: list[JsonObject] = read_documents(event, "event") if event else [{"event_uid": event_uid}]

    async def explained(client: Client) -> tuple[str, list[JsonObject]]:
        answers = [await client.explain_trigger(trigger_id, each, revision=revision, at=at) for each in events]
        return "" if as_json else await _name(client, trigger_id), answers

    name, answers = ask(explained, api_url, api_key)
    if as_json:
        say_json({"items": answers})
    else:
        for answer in answers:
            _show_explained({**answer, "id": name})
    raise typer.Exit(ExitCode.DONE if all(answer.get("matches") for answer in answers) else ExitCode.NO)


def limits(*, api_url: ApiUrl = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """What is counted and capped: enabled triggers that no index leads to, by event type."""
    answer = ask(lambda client: client.limits(), api_url, api_key)
    if as_json:
        say_json(answer)
        return
    unindexed = member(answer, "unindexed_triggers")
    limit = text(unindexed, "limit")
    for each in members(unindexed, "event_types"):
        typer.echo(f"{text(each, 'event_type')}: {text(each, 'count')} of {limit} triggers that no index leads to")
    if not any(members(unindexed, "event_types")):
        typer.echo(f"no trigger that no index leads to; {limit} are allowed for each event type")


async def _name(client: Client, trigger_id: str) -> str:
    """The name of the trigger; its id where it is deleted and an old revision is asked."""
    return (await trigger_names(client, [trigger_id])).get(trigger_id, trigger_id)


def _show_validated(name: str, answer: JsonObject) -> None:
    console = screen()
    verdict = "[green]valid[/green]" if answer.get("valid") else "[bold red]not valid[/bold red]"
    console.print(f"[bold]{escape(name)}[/bold]: {verdict}", highlight=False)
    lines = [str(fault) for fault in faults_of(answer.get("errors"))]
    said = answer.get("sentence") or answer.get("english")
    lines += [str(said)] if said else []
    lines += [
        f"warning: {text(each, 'pointer') or '/'} {text(each, 'message')}" for each in members(answer, "warnings")
    ]
    samples = member(answer, "samples")
    if samples:
        counted = f"fires for {text(samples, 'matched')} of {text(samples, 'events')} sample events"
        lines.append(f"{counted}, {text(samples, 'heard')} of which it listens to")
    for line in lines:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def _show_explained(answer: JsonObject) -> None:
    console, explained = screen(), read_json(answer)
    console.print(tree_of(explained))
    if explained.nearest:
        console.print(Text("nearest miss: ", "bold") + Text(" and ".join(map(miss, explained.nearest))))
