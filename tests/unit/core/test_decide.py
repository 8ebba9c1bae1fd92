"""The decision: total, the same whenever it is asked, and each trigger on its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import MORNING, NOON, a_trigger, an_event, trigger_id

from ensue.core.conditions import tree
from ensue.core.decide import decide
from ensue.core.event import FiringMode
from ensue.core.ids import firing_id
from ensue.core.json import Json
from ensue.core.outcome import Reason
from ensue.core.ruleset import Ruleset
from ensue.core.trigger import Trigger

HIGH_SCORE = tree.Test(("data", "score"), "gte", 0.9)
ERRING = tree.Test(("data", "score"), "resembles", 0.9)


def _ruleset(*triggers: Trigger) -> Ruleset:
    return Ruleset.empty().apply(triggers)


def test_a_match_yields_one_firing_that_carries_its_cause() -> None:
    event = an_event()
    (firing,) = decide(_ruleset(a_trigger(where=HIGH_SCORE, revision=4)), event, NOON).firings
    assert firing.firing_id == firing_id("studio", trigger_id(1), event.event_uid, 0)
    assert (firing.trigger_id, firing.revision, firing.cause) == (trigger_id(1), 4, event.event_uid)
    assert (firing.event, firing.observed_at, firing.lineage) == (event, NOON, event.lineage)


def test_what_does_not_match_yields_nothing() -> None:
    decisions = decide(_ruleset(a_trigger(where=tree.Not(HIGH_SCORE))), an_event(), NOON)
    assert (decisions.firings, decisions.blocked, decisions.errors) == ((), (), ())


def test_an_event_of_a_type_nobody_listens_to_yields_nothing() -> None:
    assert decide(_ruleset(a_trigger()), an_event(type="scene.failed"), NOON).firings == ()


@given(st.lists(st.integers(1, 30), unique=True, max_size=8), st.integers(0, 12))
def test_reading_an_event_again_decides_the_same(numbers: list[int], depth: int) -> None:
    ruleset = _ruleset(*(a_trigger(n, where=HIGH_SCORE if n % 2 else ERRING, max_chain_depth=n) for n in numbers))
    event = an_event(depth=depth)
    assert decide(ruleset, event, NOON) == decide(ruleset, an_event(depth=depth), NOON)


@pytest.mark.requirement("R4.4")
@given(st.lists(st.integers(2, 50), unique=True, min_size=1, max_size=5))
def test_edits_between_two_reads_of_an_event_do_not_fire_it_twice(revisions: list[int]) -> None:
    ruleset, ids = _ruleset(a_trigger()), set()
    for revision in [1, *revisions]:
        ruleset = ruleset.apply([a_trigger(revision=revision, name=f"edit {revision}")])
        ids |= {firing.firing_id for firing in decide(ruleset, an_event(), NOON).firings}
    assert len(ids) == 1


def test_firings_come_in_the_order_of_the_triggers() -> None:
    ruleset = _ruleset(a_trigger(1, sort_order=2), a_trigger(2, sort_order=1), a_trigger(3, sort_order=1))
    fired = [firing.trigger_id for firing in decide(ruleset, an_event(), NOON).firings]
    assert fired == [trigger_id(2), trigger_id(3), trigger_id(1)]


def test_a_disabled_trigger_does_not_fire() -> None:
    assert decide(_ruleset(a_trigger(enabled=False)), an_event(), NOON).firings == ()


@pytest.mark.parametrize(
    ("appended_after", "fires"),
    [(timedelta(microseconds=-1600), False), (timedelta(microseconds=-600), True), (timedelta(0), True)],
)
def test_a_trigger_is_active_from_the_millisecond_of_its_instant(appended_after: timedelta, *, fires: bool) -> None:
    active_since = MORNING + timedelta(microseconds=5600)
    decisions = decide(_ruleset(a_trigger(active_since=active_since)), an_event(), active_since + appended_after)
    assert bool(decisions.firings) is fires


@given(st.integers(0, 60), st.integers(1, 50))
def test_only_an_event_below_the_limit_fires_and_the_others_are_blocked(depth: int, limit: int) -> None:
    decisions = decide(_ruleset(a_trigger(max_chain_depth=limit)), an_event(depth=depth), NOON)
    assert (len(decisions.firings), len(decisions.blocked)) == ((1, 0) if depth < limit else (0, 1))


def test_a_blocked_firing_says_why() -> None:
    (blocked,) = decide(_ruleset(a_trigger()), an_event(depth=10), NOON).blocked
    assert blocked.reason == Reason.CHAIN_DEPTH
    assert blocked.detail == "the event's depth 10 is not below the trigger's max_chain_depth 10"
    assert blocked.firing.firing_id == firing_id("studio", trigger_id(1), an_event().event_uid, 0)


def test_each_trigger_has_its_own_limit() -> None:
    decisions = decide(_ruleset(a_trigger(1, max_chain_depth=3), a_trigger(2)), an_event(depth=3), NOON)
    assert [firing.trigger_id for firing in decisions.firings] == [trigger_id(2)]
    assert [blocked.firing.trigger_id for blocked in decisions.blocked] == [trigger_id(1)]


def test_a_trigger_that_feeds_itself_fires_ten_times_and_is_blocked_once() -> None:
    ruleset, event, fired = _ruleset(a_trigger()), an_event(), 0
    while (decisions := decide(ruleset, event, NOON)).firings:
        fired += len(decisions.firings)
        event = an_event(str(fired), depth=event.lineage.depth + 1)
    assert (fired, len(decisions.blocked)) == (10, 1)


def test_a_condition_that_errs_harms_its_own_trigger_only() -> None:
    decisions = decide(_ruleset(a_trigger(1, where=ERRING), a_trigger(2, where=HIGH_SCORE)), an_event(), NOON)
    assert [firing.trigger_id for firing in decisions.firings] == [trigger_id(2)]
    (error,) = decisions.errors
    assert error.firing.trigger_id == trigger_id(1)
    assert error.detail == "InvalidValue: no such operator: resembles"


def test_a_condition_on_data_nested_without_end_errs_alone() -> None:
    endless: list[Json] = []
    endless.append(endless)
    where = tree.Test(("data",), "eq", [endless])
    decisions = decide(_ruleset(a_trigger(1, where=where), a_trigger(2)), an_event(data=[endless]), NOON)
    assert len(decisions.firings) == 1
    assert decisions.errors[0].detail.startswith("RecursionError")


def test_a_replay_fires_again_under_its_own_number() -> None:
    ruleset = _ruleset(a_trigger())
    ids = [decide(ruleset, an_event(replay_no=n), NOON).firings[0].firing_id for n in (0, 1, 2, 1)]
    assert len(set(ids)) == 3
    assert ids[1] == ids[3]


def test_a_replay_addresses_its_targets_and_keeps_its_mode() -> None:
    event = an_event(replay_no=1, targets=(trigger_id(2),), mode=FiringMode.TEST)
    (firing,) = decide(_ruleset(a_trigger(1), a_trigger(2)), event, NOON).firings
    assert (firing.trigger_id, firing.replay_no, firing.mode) == (trigger_id(2), 1, FiringMode.TEST)
