"""`ensue publish`, `ensue triggers`, `ensue log` and `ensue chain`: what people type against a running system.

Loaded by the command line through the entry-point group `ensue.commands`. What goes wrong is an EnsueError, from which
the command line makes the exit code.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
import yaml

from ensue.core.errors import InvalidValue
from ensue.core.json import Json, JsonObject
from ensue.exits import ExitCode
from ensue.runtime.ids import SystemIds
from ensue.wire import strict_json
from ensue.wire.errors import DecodeError
from ensue_client import screens
from ensue_client.answers import members, text
from ensue_client.asking import ApiKey, ApiUrl, AsJson, ask, say_json
from ensue_client.client import Client, Page, trigger_names
from ensue_client.events import NewEvent, Published
from ensue_client.files import read_documents
from ensue_client.outgoing import require_publishable, require_typed
from ensue_client.questions import commands as questions

DEFAULT_SOURCE = "urn:ensue:cli"
PAGE_SIZE = 200
DOCUMENT = (
    "name",
    "description",
    "project",
    "enabled",
    "when",
    "where",
    "then",
    "delay",
    "brakes",
    "sort_order",
)

TriggerId = Annotated[str, typer.Argument(metavar="ID", help="The trigger's id.")]
InFlight = Annotated[str | None, typer.Option(help="What becomes of actions that have not begun: cancel or finish.")]

triggers = typer.Typer(name="triggers", help="Create, read, replace, switch and delete triggers.", no_args_is_help=True)
triggers.command()(questions.validate)
triggers.command()(questions.explain)
triggers.command()(questions.limits)


def publish(  # noqa: PLR0913 - the options of a command are its arguments
    event_type: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="For example variant.approved.")] = None,
    *,
    data: Annotated[str | None, typer.Option(help="The event's data, as JSON.")] = None,
    subject: Annotated[str | None, typer.Option(help="What the event is about, for example variant-7.")] = None,
    source: Annotated[str, typer.Option(help="Who says so, as a URI.")] = DEFAULT_SOURCE,
    event_id: Annotated[str | None, typer.Option("--id", help="Unique within the source; made if not given.")] = None,
    file: Annotated[list[Path] | None, typer.Option(help="CloudEvents in JSON or YAML files; - is the input.")] = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Publish one event, or all of a file's. When this ends with 0 they are durable; what is wrong is not sent."""
    if (event_type is None) == (not file):
        raise InvalidValue("give either a TYPE or --file")
    if event_type is not None:
        require_typed(event_type, source)
        new = NewEvent(event_type, source, data=_json(data), subject=subject, id=event_id)
        documents: Sequence[JsonObject] = [new.document(str(SystemIds().new()))]
    else:
        documents = [_complete(document) for document in read_documents(file or [], "event")]
    require_publishable(documents)
    published = ask(lambda client: client.publish_documents(documents), api_url, api_key)
    if as_json:
        say_json({"events": [_published(event) for event in published]})
    else:
        screens.show_published(published)


@triggers.command("list")
def list_triggers(*, api_url: ApiUrl = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every trigger."""
    found = ask(_all_triggers, api_url, api_key)
    say_json({"items": found}) if as_json else screens.show_triggers(found)


@triggers.command()
def get(trigger_id: TriggerId, *, api_url: ApiUrl = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """One trigger, as a document to edit and give to `replace`; with --json, all that the server knows of it."""
    found = ask(lambda client: client.trigger(trigger_id), api_url, api_key)
    if as_json:
        say_json(found)
    else:
        document = {name: found[name] for name in DOCUMENT if found.get(name) is not None}
        if found.get("sentence"):
            typer.echo(f"# {' '.join(str(found['sentence']).splitlines())}")
        typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)


@triggers.command()
def create(
    files: Annotated[list[Path], typer.Argument(help="Triggers in JSON or YAML; - is the input.")],
    *,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Create the triggers of the files, in their order."""
    documents = read_documents(files, "trigger")

    async def created(client: Client) -> list[JsonObject]:
        return [await client.create_trigger(document) for document in documents]

    _show_changed(ask(created, api_url, api_key), as_json=as_json)


@triggers.command()
def replace(
    trigger_id: TriggerId,
    file: Annotated[Path, typer.Argument(help="The new document in JSON or YAML; - is the input.")],
    *,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Give a trigger a new document."""
    documents = read_documents([file], "trigger")
    if len(documents) != 1:
        raise InvalidValue(f"{file} must hold one document, not {len(documents)}")
    changed = ask(lambda client: client.replace_trigger(trigger_id, documents[0]), api_url, api_key)
    _show_changed([changed], as_json=as_json)


@triggers.command()
def delete(
    trigger_id: TriggerId,
    *,
    in_flight: InFlight = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Delete a trigger; its history stays."""
    ask(lambda client: client.delete_trigger(trigger_id, in_flight=in_flight), api_url, api_key)
    say_json({"deleted": trigger_id}) if as_json else typer.echo(f"deleted {trigger_id}")


@triggers.command()
def enable(trigger_id: TriggerId, *, api_url: ApiUrl = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Let a trigger fire on what is published from now on."""
    _show_changed([ask(lambda client: client.enable_trigger(trigger_id), api_url, api_key)], as_json=as_json)


@triggers.command()
def disable(
    trigger_id: TriggerId,
    *,
    in_flight: InFlight = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Let a trigger fire no more."""
    changed = ask(lambda client: client.disable_trigger(trigger_id, in_flight=in_flight), api_url, api_key)
    _show_changed([changed], as_json=as_json)


def log(  # noqa: PLR0913 - the options of a command are its arguments
    *,
    trigger: Annotated[str | None, typer.Option(metavar="ID", help="Only of this trigger.")] = None,
    chain: Annotated[str | None, typer.Option(metavar="ID", help="Only of this chain.")] = None,
    status: Annotated[str | None, typer.Option(help="Only with this status, for example succeeded or blocked.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=PAGE_SIZE, help="At most so many rows.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Go on where a page ended: its next_cursor.")] = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What fired and what was kept from it, newest first."""

    async def read(client: Client) -> tuple[Page, screens.Names]:
        page = await client.log(trigger_id=trigger, correlation_id=chain, status=status, limit=limit, cursor=cursor)
        return page, {} if as_json else await trigger_names(client, (str(row.get("trigger_id")) for row in page.items))

    page, names = ask(read, api_url, api_key)
    if as_json:
        say_json({"items": list(page.items), "next_cursor": page.next_cursor})
    else:
        screens.show_log(page, names)


def chain(
    correlation_id: Annotated[UUID, typer.Argument(help="The chain, as publish and the log name it.")],
    *,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """The tree of all that followed from one event."""

    async def read(client: Client) -> tuple[JsonObject, screens.Names]:
        tree = await client.chain(correlation_id)
        return tree, {} if as_json else await trigger_names(client, screens.trigger_ids(tree))

    tree, names = ask(read, api_url, api_key)
    say_json(tree) if as_json else screens.show_chain(tree, names)


async def _all_triggers(client: Client) -> list[JsonObject]:
    found: list[JsonObject] = []
    page = Page([], "")
    while page.next_cursor is not None:
        page = await client.triggers(limit=PAGE_SIZE, cursor=page.next_cursor or None)
        found += page.items
    return found


def _show_changed(changed: Sequence[JsonObject], *, as_json: bool) -> None:
    if as_json:
        say_json({"items": list(changed)})
    else:
        screens.show_triggers(changed)
        for trigger in changed:
            for warning in members(trigger, "warnings"):
                place = f"{text(trigger, 'name')}: {text(warning, 'pointer') or '/'}"
                typer.echo(f"warning: {place} {text(warning, 'message')}", err=True)
    if not all(trigger.get("in_force", True) for trigger in changed):
        typer.echo("saved, but not in force yet: the stream of triggers does not answer", err=True)
        raise typer.Exit(ExitCode.UNAVAILABLE)


def _complete(document: JsonObject) -> JsonObject:
    """A CloudEvent of a file may leave out what is the same every time."""
    return {"specversion": "1.0", "id": str(SystemIds().new()), "source": DEFAULT_SOURCE, **document}


def _published(event: Published) -> JsonObject:
    return {"id": event.id, "event_uid": str(event.event_uid), "correlation_id": str(event.correlation_id)}


def _json(text: str | None) -> Json:
    if text is None:
        return None
    try:
        return strict_json.decode(text.encode())
    except (DecodeError, UnicodeEncodeError) as error:
        raise InvalidValue(f"--data is not JSON as Ensue takes it: {error}") from error
