"""How answers look in a terminal: tables, and a chain as a tree. Called by the commands and by the demo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from ensue.core.json import Json, JsonObject
from ensue_client.answers import member, members, text
from ensue_client.client import Page
from ensue_client.events import Published

STYLES: Mapping[str, str] = {
    "succeeded": "green",
    "active": "green",
    "dead": "bold red",
    "condition_error": "red",
    "blocked": "yellow",
    "cancelled": "yellow",
    "skipped": "yellow",
    "disabled": "dim",
    "pending": "cyan",
}
WIDE = 120  # columns from which everything of a row is shown
PIPE = 1000
DATES = 3  # of a calendar, before the rest is only counted
WRAPPED = frozenset({"trigger", "name", "description", "event", "subject", "when"})
Names = Mapping[str, str]


def show_published(events: Sequence[Published]) -> None:
    """Each event with the chain to ask for."""
    table = _table("id", "chain")
    for event in events:
        table.add_row(escape(event.id), str(event.correlation_id))
    console = screen()
    console.print(table)
    if events:
        console.print(f"What follows: ensue chain {events[0].correlation_id}", highlight=False)


def show_triggers(triggers: Sequence[JsonObject]) -> None:
    """A line a trigger; two on a narrow screen."""
    console = screen()
    if console.width < WIDE:
        for trigger in triggers:
            console.print("\n".join(_trigger_lines(trigger)), highlight=False, soft_wrap=True)
        return
    table = _table("id", "name", "status", "revision", "when")
    for trigger in triggers:
        status = _styled(str(trigger.get("status", "")))
        revision, listens = _shown(trigger, "revision"), _listens(trigger)
        table.add_row(_shown(trigger, "id"), _shown(trigger, "name"), status, revision, listens)
    console.print(table)


def _trigger_lines(trigger: JsonObject) -> tuple[str, str]:
    status = _styled(str(trigger.get("status", "")))
    return (
        f"{_shown(trigger, 'id')} {status} [dim]revision {_shown(trigger, 'revision')}[/dim]",
        f"  [bold]{_shown(trigger, 'name')}[/bold] [dim]when {_listens(trigger)}[/dim]",
    )


def _listens(trigger: JsonObject) -> str:
    types = member(member(trigger, "when"), "event").get("types")
    return _first_of(types if isinstance(types, list) else [])


def show_calendars(calendars: Sequence[JsonObject]) -> None:
    """A line a calendar."""
    table = _table("name", "revision", "dates", "description")
    for calendar in calendars:
        dates = calendar.get("dates")
        first = ", ".join(map(_day, dates[:DATES])) if isinstance(dates, list) else ""
        more = f" +{len(dates) - DATES}" if isinstance(dates, list) and len(dates) > DATES else ""
        described = _shown(calendar, "description").partition("\n")[0]
        table.add_row(_shown(calendar, "name"), _shown(calendar, "revision"), escape(first) + more, described)
    screen().print(table)


def _day(entry: Json) -> str:
    """A date or a range, as in a calendar's document."""
    return f"{entry.get('from')} to {entry.get('to')}" if isinstance(entry, dict) else str(entry)


def show_log(page: Page, names: Names) -> None:
    """A line a firing, newest first; two on a narrow screen. `names`: of the triggers, by their ids."""
    console = screen()
    if console.width < WIDE:
        for row in page.items:
            console.print("\n".join(_log_lines(row, names)), highlight=False, soft_wrap=True)
    else:
        console.print(_log_table(page.items, names))
    if page.next_cursor:
        console.print(f"There are more: ensue log --cursor {page.next_cursor}", highlight=False)


def _log_table(rows: Sequence[JsonObject], names: Names) -> Table:
    table = _table("at", "status", "trigger", "event", "subject", "depth", "chain")
    for row in rows:
        table.add_row(
            _clock(row.get("at")),
            _styled(str(row.get("status")), row.get("reason")),
            _trigger(row, names),
            _shown(row, "event_type"),
            _shown(row, "event_subject"),
            _shown(row, "depth"),
            _shown(row, "correlation_id"),
        )
    return table


def _log_lines(row: JsonObject, names: Names) -> tuple[str, str]:
    status = _styled(str(row.get("status")), row.get("reason"))
    event = f"{_shown(row, 'event_type')} {_shown(row, 'event_subject')}".rstrip()
    return (
        f"{_clock(row.get('at'))} {status} [bold]{_trigger(row, names)}[/bold]",
        f"  {event} [dim]depth {_shown(row, 'depth')}, chain {_shown(row, 'correlation_id')}[/dim]",
    )


def _trigger(row: JsonObject, names: Names) -> str:
    trigger = str(row.get("trigger_id"))
    return escape(names.get(trigger, trigger))


def show_chain(chain: JsonObject, names: Names) -> None:
    """The whole chain as trees, one a root."""
    console = screen()
    for tree in chain_trees(chain, names):
        console.print(tree)
    counts = member(chain, "counts")
    said = ", ".join(f"{count} {what}" for what, count in counts.items())
    console.print(f"{chain.get('status')}: {said}", highlight=False)
    if chain.get("truncated"):
        console.print("The chain is larger than what one answer holds.")


def chain_trees(chain: JsonObject, names: Names) -> Iterator[Tree]:
    """A tree for each root of the chain: events, under them firings, under these their actions."""
    for root in members(chain, "roots"):
        tree = Tree(_event_label(root), guide_style="dim")
        _grow(tree, root, names)
        yield tree


def trigger_ids(chain: JsonObject) -> Iterator[str]:
    """The triggers that a chain speaks of."""
    waiting = list(members(chain, "roots"))
    while waiting:
        event = waiting.pop()
        for firing in members(event, "firings"):
            yield str(firing.get("trigger_id"))
            waiting += [event for action in members(firing, "actions") for event in members(action, "events")]


def _grow(branch: Tree, event: JsonObject, names: Names) -> None:
    for firing in members(event, "firings"):
        status = _styled(str(firing.get("status")), firing.get("reason"))
        actions = list(members(firing, "actions"))
        why = "" if actions else _why(firing)  # else its actions say it
        fired = branch.add(f"[bold]{_trigger(firing, names)}[/bold] {status}{why}")
        for action in actions:
            _add_action(fired, action, names)


def _add_action(branch: Tree, action: JsonObject, names: Names) -> None:
    events = list(members(action, "events"))
    label = _action_label(action)
    taken = branch.add(label)
    for event in events:
        _grow(taken.add(_event_label(event)), event, names)


def _event_label(event: JsonObject) -> str:
    subject = f" [dim]{_shown(event, 'subject')}[/dim]" if event.get("subject") else ""
    depth = f" [dim]depth {event.get('depth')}[/dim]"
    return f"[bold blue]{_shown(event, 'type') or 'event'}[/bold blue]{subject}{depth}"


def _action_label(action: JsonObject) -> str:
    attempts = action.get("attempts")
    tries = f" [dim]{attempts} attempts[/dim]" if isinstance(attempts, int) and attempts > 1 else ""
    status = _styled(str(action.get("status")), action.get("reason"))
    return f"{_shown(action, 'kind') or 'action'} {status}{tries}{_why(action)}"


def _why(row: JsonObject) -> str:
    """What is known beyond the reason: the placeholder that names nothing, the status that a target answered."""
    detail = row.get("detail")
    return f" [dim]{escape(str(detail))}[/dim]" if detail and row.get("status") != "succeeded" else ""


def _styled(status: str, reason: Json = None) -> str:
    style = STYLES.get(status, "cyan")
    why = f" ({escape(str(reason))})" if reason else ""
    return f"[{style}]{escape(status)}{why}[/{style}]"


def screen() -> Console:
    """The terminal; what reads a pipe gets whole lines, however long they are."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE)


def _table(*columns: str) -> Table:
    """Ids are never broken, so that they can be copied; whatever people have named is, where the screen is narrow."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in WRAPPED)
    return table


def _first_of(types: Sequence[Json]) -> str:
    more = f" +{len(types) - 1}" if len(types) > 1 else ""
    return escape(str(types[0])) + more if types else ""


def _clock(instant: Json) -> str:
    """Local time, with its day because a log goes on over midnight; the whole instant is in --json."""
    try:
        return datetime.fromisoformat(str(instant)).astimezone().strftime("%m-%d %H:%M:%S")
    except ValueError:
        return str(instant)


def _shown(row: JsonObject, name: str) -> str:
    return escape(text(row, name))
