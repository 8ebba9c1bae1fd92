"""What the demo shows: its steps, chains that grow, and in the end the sums. Called by the demo's story."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from ensue.core.json import JsonObject
from ensue_client.answers import members, text
from ensue_client.screens import STYLES
from ensue_devstack.demo.sums import Sums

MARKS: Mapping[str, str] = {"succeeded": "✓", "pending": "…", "dead": "✗", "blocked": "⊘", "cancelled": "⊘"}
FRAMES_PER_SECOND = 8
Names = Mapping[str, str]


class Screen:
    """A terminal, or a log file: there nothing moves, and every step is a line."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def heading(self, text: str) -> None:
        """A new part of the demo."""
        self.console.print(f"\n[bold]{escape(text)}[/bold]")

    def say(self, text: str) -> None:
        """One line."""
        self.console.print(text, highlight=False, soft_wrap=True)

    @contextmanager
    def growing(self) -> Iterator[Callable[[RenderableType], None]]:
        """A part of the screen that is drawn again and again; the last drawing stays, whole."""
        moving = Live(console=self.console, refresh_per_second=FRAMES_PER_SECOND, transient=True)
        last = _Last(moving if self.console.is_terminal else None)
        with moving if self.console.is_terminal else nullcontext():
            yield last
        self.console.print(last.picture)


class _Last:
    """Remembers what was drawn last, and draws it where something can move."""

    def __init__(self, live: Live | None = None) -> None:
        self.picture: RenderableType = ""
        self._live = live

    def __call__(self, picture: RenderableType) -> None:
        self.picture = picture
        if self._live is not None:
            self._live.update(picture)


def forest(chains: Sequence[JsonObject], names: Names) -> RenderableType:
    """The chains as trees of events, each event with what it fired."""
    return Group(*(tree for chain in chains for tree in event_trees(chain, names)))


def event_trees(chain: JsonObject, names: Names) -> Iterator[Tree]:
    """One tree for each root of a chain."""
    for root in members(chain, "roots"):
        tree = Tree(_label(root, names), guide_style="dim")
        _grow(tree, root, names)
        yield tree


def firings_table(fired: Mapping[str, int], names: Names) -> Table:
    """How often each trigger has fired."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for trigger, count in sorted(fired.items(), key=lambda item: -item[1]):
        table.add_row(f"  {count:>4}", escape(names.get(trigger, trigger)))
    return table


def progress_line(sums: Sums, expected: int) -> str:
    """Where a run stands, in one line."""
    recorded = sums.recorded
    return (
        f"  {sums.published} of {expected} published, {recorded.events} recorded, {recorded.evaluated} evaluated, "
        f"{recorded.firings} firings, {recorded.outcomes} ended"
    )


def summary_table(sums: Sums) -> Table:
    """The sums, and whether they agree."""
    recorded, in_kafka = sums.recorded, sums.in_kafka
    rows = [
        (
            "events",
            f"{in_kafka.events} in Kafka",
            f"{recorded.evaluated} evaluated",
            recorded.events == recorded.evaluated,
        ),
        ("firings", f"{recorded.firings} fired", f"{recorded.outcomes} ended", recorded.firings == recorded.outcomes),
        ("of them", f"{recorded.firings} fired", f"{recorded.succeeded} succeeded", sums.agree),
        ("dead letters", "0 expected", f"{sums.dead_letters} found", sums.dead_letters == 0),
    ]
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, left, right, holds in rows:
        mark = "[green]✓[/green]" if holds else "[bold red]✗[/bold red]"
        table.add_row(f"  {name}", left, "=" if holds else "≠", right, mark)
    return table


def as_json(sums: Sums, fired: Mapping[str, int], names: Names) -> JsonObject:
    """The same for programs."""
    recorded, in_kafka = sums.recorded, sums.in_kafka
    return {
        "agree": sums.agree,
        "published": sums.published,
        "events": recorded.events,
        "events_in_kafka": in_kafka.events,
        "evaluated": recorded.evaluated,
        "firings": recorded.firings,
        "firings_in_kafka": in_kafka.firings,
        "outcomes": recorded.outcomes,
        "succeeded": recorded.succeeded,
        "blocked": recorded.blocked,
        "condition_errors": recorded.condition_errors,
        "actions": recorded.actions,
        "webhooks": recorded.webhooks,
        "dead_letters": sums.dead_letters,
        "firings_by_trigger": {names.get(trigger, trigger): count for trigger, count in fired.items()},
    }


def _grow(branch: Tree, event: JsonObject, names: Names) -> None:
    for firing in members(event, "firings"):
        for action in members(firing, "actions"):
            for caused in members(action, "events"):
                _grow(branch.add(_label(caused, names)), caused, names)


def _label(event: JsonObject, names: Names) -> str:
    subject = f" [dim]{escape(text(event, 'subject'))}[/dim]" if event.get("subject") else ""
    fired = "".join(f"  → {_fired(firing, names)}" for firing in members(event, "firings"))
    return f"[bold blue]{escape(text(event, 'type')) or 'event'}[/bold blue]{subject}{fired}"


def _fired(firing: JsonObject, names: Names) -> str:
    status, trigger = str(firing.get("status")), str(firing.get("trigger_id"))
    style, mark = STYLES.get(status, "cyan"), MARKS.get(status, status)
    return f"{escape(names.get(trigger, trigger))} [{style}]{mark}[/{style}]"
