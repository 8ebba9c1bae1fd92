"""The ruleset: the newest revision wins in whatever order changes come, and the old one never changes."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import MORNING, STUDIO, a_trigger, an_event, trigger_id

from ensue.core.ruleset import Removal, Ruleset
from ensue.core.trigger import EventWhen, Trigger

TYPES = ("variant.approved", "scene.completed", "brief.approved")


@st.composite
def changes(draw: st.DrawFn) -> Trigger | Removal:
    """One revision of one of four triggers; the same revision is always the same change."""
    number, revision = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    if (number + revision) % 4 == 0:
        return Removal(trigger_id(number), STUDIO, revision)
    types = TYPES[revision % 2 : 1 + (number * revision) % 3] or TYPES[:1]
    return a_trigger(number, revision=revision, types=types, sort_order=(number * revision) % 3)


HISTORIES = st.lists(changes(), max_size=20)


def _contents(ruleset: Ruleset) -> dict[str, list[tuple[object, int]]]:
    return {t: [(c.trigger_id, c.revision) for c in ruleset.candidates(an_event(type=t))] for t in TYPES}


@given(HISTORIES, st.randoms(use_true_random=False), st.integers(1, 7))
def test_the_order_and_grouping_of_changes_do_not_matter(
    history: list[Trigger | Removal], random: Random, size: int
) -> None:
    shuffled = random.sample(history, len(history))
    at_once = Ruleset.empty().apply(history)
    in_parts = Ruleset.empty()
    for start in range(0, len(shuffled), size):
        in_parts = in_parts.apply(shuffled[start : start + size])
    assert _contents(in_parts) == _contents(at_once)
    assert in_parts.fingerprint == at_once.fingerprint
    assert len(in_parts) == len(at_once)


@given(HISTORIES)
def test_the_newest_revision_of_each_trigger_is_in_force(history: list[Trigger | Removal]) -> None:
    ruleset = Ruleset.empty().apply(history)
    newest = {change.trigger_id: change for change in sorted(history, key=lambda change: change.revision)}
    assert {i: ruleset.revision_of(i) for i in newest} == {i: change.revision for i, change in newest.items()}
    in_force = [change for change in newest.values() if isinstance(change, Trigger)]
    assert len(ruleset) == len(in_force)
    listening = {event_type: [t for t in in_force if event_type in t.when.types] for event_type in TYPES}
    assert {t: {i for i, _ in found} for t, found in _contents(ruleset).items()} == {
        t: {trigger.trigger_id for trigger in triggers} for t, triggers in listening.items()
    }


@given(HISTORIES, HISTORIES)
def test_a_ruleset_never_changes(before: list[Trigger | Removal], after: list[Trigger | Removal]) -> None:
    ruleset = Ruleset.empty().apply(before)
    contents, fingerprint, size = _contents(ruleset), ruleset.fingerprint, len(ruleset)
    ruleset.apply(after)
    assert (_contents(ruleset), ruleset.fingerprint, len(ruleset)) == (contents, fingerprint, size)


@given(HISTORIES, HISTORIES)
def test_equal_fingerprints_mean_equal_contents(one: list[Trigger | Removal], other: list[Trigger | Removal]) -> None:
    left, right = Ruleset.empty().apply(one), Ruleset.empty().apply(other)
    assert (left.fingerprint == right.fingerprint) is (_contents(left) == _contents(right))


def test_nothing_new_gives_the_same_ruleset() -> None:
    ruleset = Ruleset.empty().apply([a_trigger(revision=2)])
    assert ruleset.apply([a_trigger(revision=2, name="renamed"), a_trigger(revision=1)]) is ruleset


def test_an_older_record_does_not_revive_a_deleted_trigger() -> None:
    ruleset = Ruleset.empty().apply([Removal(trigger_id(1), STUDIO, 3), a_trigger(1, revision=2)])
    assert len(ruleset) == 0
    assert ruleset.revision_of(trigger_id(1)) == 3


def test_a_trigger_that_was_never_heard_of_has_no_revision() -> None:
    assert Ruleset.empty().revision_of(trigger_id(1)) is None


def test_candidates_are_ordered_by_sort_order_then_age_then_id() -> None:
    last = a_trigger(1, sort_order=1)
    younger = a_trigger(2, created_at=MORNING + timedelta(seconds=1))
    by_id = [a_trigger(4), a_trigger(3)]
    first = a_trigger(5, sort_order=-1)
    ruleset = Ruleset.empty().apply([last, younger, *by_id, first])
    expected = [trigger_id(number) for number in (5, 3, 4, 2, 1)]
    assert [trigger.trigger_id for trigger in ruleset.candidates(an_event())] == expected


def test_candidates_are_of_the_event_s_tenant_type_and_entity() -> None:
    ruleset = Ruleset.empty().apply(
        [
            a_trigger(1),
            a_trigger(2, tenant="other"),
            a_trigger(3, types=["variant.failed"]),
            a_trigger(4, entity_type="scene"),
            a_trigger(5, entity_type="variant"),
        ]
    )
    found = ruleset.candidates(an_event())
    assert [trigger.trigger_id for trigger in found] == [trigger_id(1), trigger_id(5)]


def test_a_type_named_twice_makes_one_candidate() -> None:
    ruleset = Ruleset.empty().apply([a_trigger(when=EventWhen(("variant.approved", "variant.approved")))])
    assert len(ruleset.candidates(an_event())) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_fingerprint_of_what_came_and_went_is_that_of_nothing(count: int) -> None:
    came = Ruleset.empty().apply(a_trigger(number) for number in range(count))
    gone = came.apply(Removal(trigger_id(number), STUDIO, 2) for number in range(count))
    assert came.fingerprint != Ruleset.empty().fingerprint == gone.fingerprint
