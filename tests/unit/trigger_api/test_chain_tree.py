"""The tree of a chain: right where all is known; whole and finite whatever is missing, doubled or circular."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger_api.chains.models import ActionNode, Chain, ChainStatus, EventNode, EventStatus, Place
from trigger_api.chains.rules import MAX_LEVELS, ActionRow, ChainRows, EventRow, FiringRow, build_chain

AT = datetime(2026, 3, 2, tzinfo=UTC)
ROOT = UUID(int=100)


def event(number: int, *, caused_by: int | None = None, depth: int = 0) -> EventRow:
    cause = None if caused_by is None else UUID(int=caused_by)
    return EventRow(UUID(int=number), depth, id=str(number), type="t", source="s", causation_id=cause, at=AT)


def firing(number: int, of: int, *, status: str = "succeeded", depth: int = 0) -> FiringRow:
    return FiringRow(UUID(int=number), UUID(int=of), "t", UUID(int=1), 1, status, None, None, depth, AT)


def action(number: int, of: int, *, status: str = "succeeded", emitted: int | None = None) -> ActionRow:
    uid = None if emitted is None else UUID(int=emitted)
    return ActionRow(UUID(int=number), UUID(int=of), status, emitted_event_uid=uid)


def events_of(nodes: list[EventNode]) -> Iterator[EventNode]:
    stack = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        stack += [below for fired in node.firings for taken in fired.actions for below in taken.events]


def everything_in(chain: Chain) -> tuple[Counter[UUID], Counter[UUID], Counter[UUID]]:
    """How often each event, firing and action stands in the answer."""
    events, firings, actions = Counter[UUID](), Counter[UUID](), Counter[UUID]()
    loose: list[ActionNode] = chain.unplaced_actions
    for node in events_of([*chain.roots, *(below for taken in loose for below in taken.events)]):
        events[node.event_uid] += 1
        for fired in node.firings:
            firings[fired.firing_id] += 1
            actions.update(taken.action_id for taken in fired.actions)
    actions.update(taken.action_id for taken in loose)
    return events, firings, actions


def test_a_chain_hangs_together_by_what_caused_what() -> None:
    rows = ChainRows(
        events=[event(101, caused_by=301, depth=1), event(100)],
        firings=[firing(200, 100), firing(201, 101, depth=1)],
        actions=[action(301, 200), action(300, 200)],
    )
    chain = build_chain(ROOT, rows)
    [root] = chain.roots
    [fired] = root.firings
    assert (root.place, root.event_uid, chain.status) == (Place.ROOT, ROOT, ChainStatus.SETTLED)
    assert [taken.action_id.int for taken in fired.actions] == [301, 300]
    [below] = fired.actions[0].events
    assert (below.event_uid.int, below.place) == (101, Place.CAUSED)
    assert [each.firing_id.int for each in below.firings] == [201]


def test_an_emitted_event_that_names_no_cause_hangs_under_its_emitter() -> None:
    rows = ChainRows([event(100), event(101, depth=1)], [firing(200, 100)], [action(300, 200, emitted=101)])
    [root] = build_chain(ROOT, rows).roots
    assert [below.event_uid.int for below in root.firings[0].actions[0].events] == [101]


def test_an_event_known_only_by_its_firing_is_a_stand_in() -> None:
    [root] = build_chain(ROOT, ChainRows(firings=[firing(200, 100, status="pending")])).roots
    assert (root.status, root.type, root.id) == (EventStatus.NOT_YET_RECORDED, "t", None)


def test_an_unknown_cause_is_said() -> None:
    chain = build_chain(ROOT, ChainRows(events=[event(101, caused_by=999, depth=1), event(100)]))
    assert [(node.event_uid.int, node.place) for node in chain.roots] == [
        (100, Place.ROOT),
        (101, Place.CAUSE_UNKNOWN),
    ]


def test_an_action_without_its_firing_is_kept_with_what_it_caused() -> None:
    chain = build_chain(ROOT, ChainRows([event(101, caused_by=300, depth=1)], (), [action(300, 999)]))
    [loose] = chain.unplaced_actions
    assert [node.event_uid.int for node in loose.events] == [101]
    assert chain.roots == []


@pytest.mark.parametrize(
    ("firing_status", "action_status", "status"),
    [
        ("succeeded", "succeeded", ChainStatus.SETTLED),
        ("pending", "succeeded", ChainStatus.RUNNING),
        ("succeeded", "due", ChainStatus.RUNNING),
        ("dead", "running", ChainStatus.RUNNING),
        ("blocked", "skipped", ChainStatus.SETTLED),
    ],
)
def test_a_chain_runs_while_anything_of_it_is_open(firing_status: str, action_status: str, status: ChainStatus) -> None:
    rows = ChainRows([event(100)], [firing(200, 100, status=firing_status)], [action(300, 200, status=action_status)])
    assert build_chain(ROOT, rows).status is status


def test_of_two_accounts_of_an_action_the_first_counts() -> None:
    rows = ChainRows([event(100)], [firing(200, 100)], [action(300, 200), action(300, 200, status="due")])
    chain = build_chain(ROOT, rows)
    assert [taken.status for taken in chain.roots[0].firings[0].actions] == ["succeeded"]
    assert chain.status is ChainStatus.SETTLED


def test_a_circle_is_cut_where_it_would_close() -> None:
    rows = ChainRows(
        events=[event(100, caused_by=301), event(101, caused_by=300)],
        firings=[firing(200, 100), firing(201, 101)],
        actions=[action(300, 200), action(301, 201)],
    )
    chain = build_chain(ROOT, rows)
    [root] = chain.roots
    assert (root.event_uid, root.place) == (ROOT, Place.CONTINUED)
    assert everything_in(chain) == (
        Counter([UUID(int=100), UUID(int=101)]),
        Counter([UUID(int=200), UUID(int=201)]),
        Counter([UUID(int=300), UUID(int=301)]),
    )


def test_a_chain_of_a_thousand_levels_stays_shallow_enough_for_every_reader() -> None:
    count = 1000
    rows = ChainRows(
        events=[event(10_000 + n, caused_by=30_000 + n - 1 if n else None, depth=n) for n in range(count)],
        firings=[firing(20_000 + n, 10_000 + n, depth=n) for n in range(count)],
        actions=[action(30_000 + n, 20_000 + n) for n in range(count)],
    )
    chain = build_chain(UUID(int=10_000), rows)
    assert len(chain.roots) == -(-count // MAX_LEVELS)
    assert sum(everything_in(chain)[0].values()) == count
    assert json.loads(chain.model_dump_json())["counts"]["events"] == count


few = st.integers(0, 6)
graphs = st.builds(
    ChainRows,
    events=st.lists(
        st.builds(lambda n, c, d: event(100 + n, caused_by=c, depth=d), few, st.none() | few.map((300).__add__), few)
    ),
    firings=st.lists(st.builds(lambda n, of: firing(200 + n, 100 + of), few, few)),
    actions=st.lists(
        st.builds(
            lambda n, of, emitted: action(300 + n, 200 + of, emitted=emitted),
            few,
            few,
            st.none() | few.map((100).__add__),
        )
    ),
)


@settings(max_examples=300)
@given(graphs)
def test_whatever_the_rows_everything_stands_in_the_tree_exactly_once(rows: ChainRows) -> None:
    chain = build_chain(ROOT, rows)
    events, firings, actions = everything_in(chain)
    first_accounts = {row.firing_id: row.event_uid for row in reversed(rows.firings)}
    known = {row.event_uid for row in rows.events} | set(first_accounts.values())
    assert events == Counter(known)
    assert firings == Counter({row.firing_id for row in rows.firings})
    assert actions == Counter({row.action_id for row in rows.actions})
    assert (chain.counts.events, chain.counts.firings, chain.counts.actions) == (
        len(events),
        len(firings),
        len(actions),
    )
