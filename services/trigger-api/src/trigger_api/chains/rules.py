"""From rows to the tree of a chain. Pure, total and bounded: rows may be missing, doubled, in any order, even circular.

Called by `queries`. Every row is placed exactly once. Ids can be foretold, so a client could name an event's own
consequence as its cause; such a circle is cut, and so is a branch deeper than a JSON reader likes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from trigger_api.chains.models import (
    ActionNode,
    Chain,
    ChainCounts,
    ChainStatus,
    EventNode,
    EventStatus,
    FiringNode,
    Place,
)

MAX_LEVELS: Final = 60
PENDING: Final = "pending"
OPEN_ACTIONS: Final = frozenset({"waiting", "due", "running"})

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as the audit has it; the fields without default are also known of one that it has not yet."""

    event_uid: UUID
    depth: int
    id: str | None = None
    type: str | None = None
    source: str | None = None
    subject: str | None = None
    causation_id: UUID | None = None
    at: datetime | None = None
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class FiringRow:
    """A firing, or a decision that took its place."""

    firing_id: UUID
    event_uid: UUID
    event_type: str | None
    trigger_id: UUID
    revision: int
    status: str
    reason: str | None
    detail: str | None
    depth: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action: from the audit once it has ended there, from the dispatcher before."""

    action_id: UUID
    firing_id: UUID
    status: str
    path: str | None = None
    kind: str | None = None
    attempts: int = 0
    reference: str | None = None
    reason: str | None = None
    detail: str | None = None
    due_at: datetime | None = None
    ended_at: datetime | None = None
    emitted_event_uid: UUID | None = None

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.status in OPEN_ACTIONS


@dataclass(frozen=True, slots=True)
class ChainRows:
    """All rows of one chain."""

    events: Sequence[EventRow] = ()
    firings: Sequence[FiringRow] = ()
    actions: Sequence[ActionRow] = ()
    truncated: bool = False

    def __bool__(self) -> bool:
        return bool(self.events or self.firings or self.actions)


def build_chain(correlation_id: UUID, rows: ChainRows) -> Chain:
    """The tree."""
    firings = _first(rows.firings, lambda row: row.firing_id)
    actions = _first(rows.actions, lambda row: row.action_id)
    events = _with_unrecorded(_first(rows.events, lambda row: row.event_uid), firings.values())
    ancestry = _ancestry(events, firings, actions)
    tree = _Tree(firings, actions)
    for row in sorted(events.values(), key=lambda row: (-ancestry.levels[row.event_uid], *_order(row))):
        tree.add(row, *ancestry.place_of(row))
    running = any(row.status == PENDING for row in firings.values()) or any(row.open for row in actions.values())
    return Chain(
        correlation_id=correlation_id,
        status=ChainStatus.RUNNING if running else ChainStatus.SETTLED,
        truncated=rows.truncated,
        counts=ChainCounts(events=len(events), firings=len(firings), actions=len(actions)),
        roots=tree.roots_of(correlation_id),
        unplaced_actions=tree.unplaced(),
    )


@dataclass(frozen=True, slots=True)
class _Ancestry:
    """causes: event -> the action above it. levels: how many events are above an event. cut: where a circle was cut."""

    causes: Mapping[UUID, UUID]
    levels: Mapping[UUID, int]
    cut: frozenset[UUID]

    def place_of(self, row: EventRow) -> tuple[UUID | None, Place]:
        """The action under which the event hangs, None for a root of the answer, and why."""
        uid = row.event_uid
        cause, level = self.causes.get(uid), self.levels[uid]
        if cause is None:
            return None, Place.ROOT if row.causation_id is None else Place.CAUSE_UNKNOWN
        if uid in self.cut or (level and level % MAX_LEVELS == 0):
            return None, Place.CONTINUED
        return cause, Place.CAUSED


class _Tree:
    """Nodes under construction, deepest events first, so that every node is whole when it is hung under its parent."""

    def __init__(self, firings: Mapping[UUID, FiringRow], actions: Mapping[UUID, ActionRow]) -> None:
        self._firings_of = _grouped(firings.values(), lambda row: row.event_uid)
        self._actions_of = _grouped(actions.values(), lambda row: row.firing_id)
        self._unplaced = [row for row in actions.values() if row.firing_id not in firings]
        self._caused: dict[UUID, list[EventNode]] = defaultdict(list)
        self._roots: list[EventNode] = []

    def add(self, row: EventRow, cause: UUID | None, place: Place) -> None:
        """Hang an event, whose consequences are all hung already, under its cause or among the roots."""
        siblings = self._roots if cause is None else self._caused[cause]
        siblings.append(self._event(row, place))

    def roots_of(self, correlation_id: UUID) -> list[EventNode]:
        """The root of the chain first."""
        return sorted(self._roots, key=lambda node: (node.event_uid != correlation_id, node.depth))

    def unplaced(self) -> list[ActionNode]:
        """Actions without a firing to hang under."""
        return [self._action(row) for row in self._unplaced]

    def _event(self, row: EventRow, place: Place) -> EventNode:
        return EventNode(
            event_uid=row.event_uid,
            id=row.id,
            type=row.type,
            source=row.source,
            subject=row.subject,
            causation_id=row.causation_id,
            depth=row.depth,
            at=row.at,
            status=EventStatus.RECORDED if row.recorded else EventStatus.NOT_YET_RECORDED,
            place=place,
            firings=[self._firing(firing) for firing in self._firings_of.get(row.event_uid, ())],
        )

    def _firing(self, row: FiringRow) -> FiringNode:
        return FiringNode(
            firing_id=row.firing_id,
            trigger_id=row.trigger_id,
            revision=row.revision,
            status=row.status,
            reason=row.reason,
            detail=row.detail,
            depth=row.depth,
            at=row.at,
            actions=[self._action(action) for action in self._actions_of.get(row.firing_id, ())],
        )

    def _action(self, row: ActionRow) -> ActionNode:
        return ActionNode(
            action_id=row.action_id,
            path=row.path,
            kind=row.kind,
            status=row.status,
            attempts=row.attempts,
            reference=row.reference,
            reason=row.reason,
            detail=row.detail,
            due_at=row.due_at,
            ended_at=row.ended_at,
            events=self._caused.get(row.action_id, []),
        )


def _first(rows: Iterable[Row], key: Callable[[Row], UUID]) -> dict[UUID, Row]:
    found: dict[UUID, Row] = {}
    for row in rows:
        found.setdefault(key(row), row)
    return found


def _grouped(rows: Iterable[Row], key: Callable[[Row], UUID]) -> dict[UUID, list[Row]]:
    groups: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _with_unrecorded(events: dict[UUID, EventRow], firings: Iterable[FiringRow]) -> dict[UUID, EventRow]:
    """The events, and a stand-in for each that is known only because it fired."""
    for firing in firings:
        stand_in = EventRow(firing.event_uid, firing.depth, type=firing.event_type, recorded=False)
        events.setdefault(firing.event_uid, stand_in)
    return events


def _ancestry(
    events: Mapping[UUID, EventRow], firings: Mapping[UUID, FiringRow], actions: Mapping[UUID, ActionRow]
) -> _Ancestry:
    """Which action is above each event: the one that its causation id names, else the one that says it emitted it."""
    emitters = {row.emitted_event_uid: row.action_id for row in actions.values() if row.emitted_event_uid is not None}
    causes: dict[UUID, UUID] = {}
    above: dict[UUID, UUID] = {}
    for uid, row in events.items():
        cause = row.causation_id if row.causation_id in actions else emitters.get(uid)
        if cause is None:
            continue
        causes[uid] = cause
        firing = firings.get(actions[cause].firing_id)
        if firing is not None:
            above[uid] = firing.event_uid
    levels, cut = _levels(events, above)
    return _Ancestry(causes, levels, cut)


def _levels(events: Iterable[UUID], above: Mapping[UUID, UUID]) -> tuple[dict[UUID, int], frozenset[UUID]]:
    """How many events stand above each, and the events whose way up was cut because it led back to them."""
    levels: dict[UUID, int] = {}
    cut: set[UUID] = set()
    for start in events:
        path: list[UUID] = []
        passed: set[UUID] = set()
        here = start
        while here not in levels and here not in passed and here in above:
            path.append(here)
            passed.add(here)
            here = above[here]
        if here in passed:
            cut.add(here)
            path = path[: path.index(here)]
        levels.setdefault(here, 0)
        for step in reversed(path):
            levels[step] = levels[above[step]] + 1
    return levels, frozenset(cut)


def _order(row: EventRow) -> tuple[int, float, str]:
    return (row.depth, row.at.timestamp() if row.at else 0.0, str(row.event_uid))
