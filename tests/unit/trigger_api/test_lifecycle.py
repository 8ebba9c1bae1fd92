"""The life of a trigger, command by command; nothing here needs a server."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.core.json import Json
from ensue.core.outcome import Reason
from ensue.core.ruleset import Removal
from ensue.wire.triggers import TriggerRecord, decode_trigger
from trigger_api.triggers.rules import (
    Birth,
    Change,
    Command,
    Delete,
    Draft,
    InFlight,
    Instant,
    Replace,
    Stored,
    Switch,
    apply,
    create,
    merged,
    record_of,
)

BORN = datetime(2026, 3, 2, 9, 0, 0, 123_456, tzinfo=UTC)
LATER = BORN + timedelta(hours=1)
NAME = "Tell when a variant is approved"
DRAFT = Draft(NAME, None, ("variant.approved",), {"name": NAME, "when": {}, "then": {}})
CANCEL, FINISH = InFlight.CANCEL, InFlight.FINISH


def born(*, enabled: bool = True) -> Stored:
    """A trigger at revision 1."""
    return create(Birth("acme", UUID(int=1), "key:1"), replace(DRAFT, enabled=enabled), Instant(BORN)).state


def test_a_new_trigger_listens_from_the_millisecond_of_its_birth() -> None:
    change = create(Birth("acme", UUID(int=1), "key:1"), DRAFT, Instant(BORN))
    assert change.revised
    assert change.state.enabled
    assert change.state.revision == 1
    assert change.state.active_since == BORN.replace(microsecond=123_000)
    assert change.cancel is None


def test_a_broker_that_is_behind_by_less_than_the_skew_makes_no_event_too_early() -> None:
    behind = Instant(BORN, timedelta(seconds=2))
    new = create(Birth("acme", UUID(int=1), "key:1"), DRAFT, behind).state
    assert new.active_since == (BORN - timedelta(seconds=2)).replace(microsecond=123_000)
    assert new.created_at == BORN
    slept = apply(new, Switch(enabled=False, in_flight=FINISH), Instant(LATER)).state
    awoken = apply(slept, Switch(enabled=True), Instant(LATER, timedelta(seconds=2))).state
    assert awoken.active_since == (LATER - timedelta(seconds=2)).replace(microsecond=123_000)


def test_the_skew_never_reaches_back_into_what_was_cancelled() -> None:
    stopped = apply(born(), Switch(enabled=False), Instant(LATER)).state
    again = apply(stopped, Switch(enabled=True), Instant(LATER + timedelta(seconds=1), timedelta(seconds=30))).state
    assert again.active_since == stopped.cancel_before == LATER


@pytest.mark.parametrize(
    ("enabled", "command", "revised", "cancel", "now_enabled"),
    [
        (True, Switch(enabled=True), False, None, True),
        (True, Switch(enabled=False), True, Reason.TRIGGER_DISABLED, False),
        (True, Switch(enabled=False, in_flight=FINISH), True, None, False),
        (False, Switch(enabled=False), False, Reason.TRIGGER_DISABLED, False),
        (False, Switch(enabled=False, in_flight=FINISH), False, None, False),
        (False, Switch(enabled=True), True, None, True),
        (True, Replace(DRAFT, CANCEL), True, None, True),
        (False, Replace(DRAFT, CANCEL), True, None, False),
        (True, Replace(replace(DRAFT, enabled=False), CANCEL), True, Reason.TRIGGER_DISABLED, False),
        (True, Replace(replace(DRAFT, enabled=False), FINISH), True, None, False),
        (False, Replace(replace(DRAFT, enabled=True), CANCEL), True, None, True),
        (True, Delete(CANCEL), True, Reason.TRIGGER_DELETED, False),
        (False, Delete(CANCEL), True, Reason.TRIGGER_DELETED, False),
        (True, Delete(FINISH), True, None, False),
    ],
)
def test_what_each_command_does(
    *, enabled: bool, command: Command, revised: bool, cancel: Reason | None, now_enabled: bool
) -> None:
    before = born(enabled=enabled)
    change = apply(before, command, Instant(LATER))
    assert (change.revised, change.cancel, change.state.enabled) == (revised, cancel, now_enabled)
    assert change.state.revision == before.revision + (1 if revised else 0)
    assert change.state.cancel_before == (LATER if cancel else before.cancel_before)
    assert (change.state.deleted_at is not None) == isinstance(command, Delete)
    awoken = now_enabled and not enabled
    assert change.state.active_since == (LATER.replace(microsecond=123_000) if awoken else before.active_since)
    assert change.state.created_at == before.created_at


commands = st.one_of(
    st.builds(Switch, enabled=st.booleans(), in_flight=st.sampled_from(InFlight)),
    st.builds(
        Replace, st.builds(replace, st.just(DRAFT), enabled=st.none() | st.booleans()), st.sampled_from(InFlight)
    ),
)


@given(st.lists(commands, max_size=20))
def test_over_a_whole_life_revisions_only_grow_and_are_what_is_said(life: list[Command]) -> None:
    state, now = born(), BORN
    for command in life:
        now += timedelta(seconds=1)
        change: Change = apply(state, command, Instant(now))
        assert change.state.revision - state.revision == int(change.revised)
        assert change.state.active_since >= state.active_since
        assert (change.state.cancel_before or BORN) >= (state.cancel_before or BORN)
        if not change.revised:
            assert replace(change.state, cancel_before=None) == replace(state, cancel_before=None)
        state = change.state


def test_what_is_said_is_the_revision_or_a_tombstone() -> None:
    state = born()
    record = record_of(state)
    said = decode_trigger(record.key, record.value, record.headers)
    assert said == TriggerRecord(
        state.trigger_id,
        "acme",
        1,
        enabled=True,
        active_since=state.active_since,
        created_at=BORN,
        document=DRAFT.document,
    )
    gone = record_of(apply(state, Delete(CANCEL), Instant(LATER)).state)
    assert decode_trigger(gone.key, gone.value, gone.headers) == Removal(state.trigger_id, "acme", 2)


MERGES: list[tuple[Json, Json, Json]] = [  # RFC 7396, appendix A
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("document", "patch", "result"), MERGES)
def test_a_merge_patch_does_what_its_rfc_says(document: Json, patch: Json, result: Json) -> None:
    before = json.dumps(document)
    assert merged(document, patch) == result
    assert json.dumps(document) == before
