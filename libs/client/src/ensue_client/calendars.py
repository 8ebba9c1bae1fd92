"""`ensue calendars`: the named calendars of a project, as the conditions of its triggers ask them.

Loaded by the command line through the entry-point group `ensue.commands`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml

from ensue.core.errors import InvalidValue
from ensue.core.json import JsonObject
from ensue.exits import ExitCode
from ensue_client import screens
from ensue_client.asking import ApiKey, ApiUrl, AsJson, ask, say_json
from ensue_client.client import Client, Page
from ensue_client.files import read_documents

PAGE_SIZE = 200
DOCUMENT = ("name", "description", "dates")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The calendar's name.")]

calendars = typer.Typer(name="calendars", help="List, read, put and delete named calendars.", no_args_is_help=True)


@calendars.command("list")
def list_calendars(*, api_url: ApiUrl = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every calendar."""
    found = ask(_all_calendars, api_url, api_key)
    say_json({"items": found}) if as_json else screens.show_calendars(found)


@calendars.command()
def get(name: Name, *, api_url: ApiUrl = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """One calendar, as a document to edit and give to `put`; with --json, all that the server knows of it."""
    found = ask(lambda client: client.calendar(name), api_url, api_key)
    if as_json:
        say_json(found)
    else:
        document = {member: found[member] for member in DOCUMENT if found.get(member) is not None}
        typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)


@calendars.command()
def put(
    name: Name,
    file: Annotated[Path, typer.Argument(help="Its dates, and a description, in JSON or YAML; - is the input.")],
    *,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Create a calendar or give it new dates; they are in force for all triggers that ask it when this ends with 0."""
    documents = read_documents([file], "calendar")
    if len(documents) != 1:
        raise InvalidValue(f"{file} must hold one document, not {len(documents)}")
    saved = ask(lambda client: client.put_calendar(name, documents[0]), api_url, api_key)
    say_json(saved) if as_json else screens.show_calendars([saved])
    if not saved.get("in_force", True):
        typer.echo("saved, but not in force yet: the stream of triggers does not answer", err=True)
        raise typer.Exit(ExitCode.UNAVAILABLE)


@calendars.command()
def delete(name: Name, *, api_url: ApiUrl = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Delete a calendar that no trigger asks any more."""
    ask(lambda client: client.delete_calendar(name), api_url, api_key)
    say_json({"deleted": name}) if as_json else typer.echo(f"deleted {name}")


async def _all_calendars(client: Client) -> list[JsonObject]:
    found: list[JsonObject] = []
    page = Page([], "")
    while page.next_cursor is not None:
        page = await client.calendars(limit=PAGE_SIZE, cursor=page.next_cursor or None)
        found += page.items
    return found
