"""The ruleset: the newest revision wins in whatever order changes come, and the old one never changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import MORNING, NOON, STUDIO, a_trigger, an_event, trigger_id

from ensue.core.calendars import Calendar, CalendarId, CalendarRemoval, calendars_of
from ensue.core.conditions.tree import ALWAYS, All, Any, Condition, FieldRef, Not, Test
from ensue.core.decide import decide
from ensue.core.errors import InvalidValue
from ensue.core.rule import Rule
from ensue.core.ruleset import Change, Removal, Ruleset
from ensue.core.trigger import EventWhen, Trigger

TYPES = ("variant.approved", "scene.completed", "brief.approved")
CALENDARS = ("holidays", "studio-freeze")
FREEZE = CalendarId(STUDIO, "studio-freeze")
TODAY, TOMORROW = NOON.date(), NOON.date() + timedelta(days=1)


def on_a_day_of(name: str) -> Condition:
    return Test(("now",), "calendar", {"name": name, "zone": "UTC"})


UNLESS_FROZEN = Not(on_a_day_of(FREEZE.name))


def a_calendar(revision: int = 1, *days: date, calendar_id: CalendarId = FREEZE) -> Calendar:
    return Calendar(calendar_id, revision, frozenset(days))


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """One revision of one of four triggers or of two calendars; the same revision is always the same change."""
    number, revision = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    if number > 4:
        calendar_id = CalendarId(STUDIO, CALENDARS[number - 5])
        if revision % 3 == 0:
            return CalendarRemoval(calendar_id, revision)
        return a_calendar(revision, *([TODAY] if revision % 2 else [TOMORROW]), calendar_id=calendar_id)
    if (number + revision) % 4 == 0:
        return Removal(trigger_id(number), STUDIO, revision)
    types = TYPES[revision % 2 : 1 + (number * revision) % 3] or TYPES[:1]
    where = on_a_day_of(CALENDARS[revision % 2]) if number % 2 else ALWAYS
    return a_trigger(number, revision=revision, types=types, sort_order=(number * revision) % 3, where=where)


HISTORIES = st.lists(changes(), max_size=20)


def _contents(ruleset: Ruleset) -> dict[str, list[tuple[object, int]]]:
    return {t: [(c.trigger_id, c.revision) for c in ruleset.candidates(an_event(type=t))] for t in TYPES}


def _decisions(ruleset: Ruleset) -> list[object]:
    """What is decided about an event of each type: what fires, and which condition errs and why."""
    decided = [decide(ruleset, an_event(type=event_type), NOON) for event_type in TYPES]
    return [
        ([(f.trigger_id, f.revision) for f in each.firings], [(e.firing.trigger_id, e.detail) for e in each.errors])
        for each in decided
    ]


def _revisions(history: list[Change]) -> dict[object, int]:
    newest: dict[object, int] = {}
    for change in history:
        identity = change.calendar_id if isinstance(change, (Calendar, CalendarRemoval)) else change.trigger_id
        newest[identity] = max(change.revision, newest.get(identity, 0))
    return newest


@given(HISTORIES, st.randoms(use_true_random=False), st.integers(1, 7))
def test_the_order_and_grouping_of_changes_do_not_matter(history: list[Change], random: Random, size: int) -> None:
    shuffled = random.sample(history, len(history))
    at_once = Ruleset.empty().apply(history)
    in_parts = Ruleset.empty()
    for start in range(0, len(shuffled), size):
        in_parts = in_parts.apply(shuffled[start : start + size])
    assert _contents(in_parts) == _contents(at_once)
    assert in_parts.fingerprint == at_once.fingerprint
    assert len(in_parts) == len(at_once)
    assert _decisions(in_parts) == _decisions(at_once)
    assert in_parts.lacking == at_once.lacking


@given(HISTORIES)
def test_the_newest_revision_of_each_is_in_force(history: list[Change]) -> None:
    ruleset = Ruleset.empty().apply(history)
    newest = _revisions(history)
    assert {i: ruleset.revision_of(i) for i in newest} == newest  # type: ignore[arg-type]  # identities, all of them
    triggers = [change for change in history if isinstance(change, Trigger)]
    in_force = list({t.trigger_id: t for t in triggers if newest[t.trigger_id] == t.revision}.values())
    assert len(ruleset) == len(in_force)
    listening = {event_type: [t for t in in_force if event_type in t.when.types] for event_type in TYPES}
    assert {t: {i for i, _ in found} for t, found in _contents(ruleset).items()} == {
        t: {trigger.trigger_id for trigger in triggers} for t, triggers in listening.items()
    }


@given(HISTORIES, HISTORIES)
def test_a_ruleset_never_changes(before: list[Change], after: list[Change]) -> None:
    ruleset, unasked = Ruleset.empty().apply(before), Ruleset.empty().apply(before)
    contents, fingerprint, size, decisions = _contents(ruleset), ruleset.fingerprint, len(ruleset), _decisions(ruleset)
    ruleset.apply(after)
    unasked.apply(after)
    assert (_contents(ruleset), ruleset.fingerprint, len(ruleset)) == (contents, fingerprint, size)
    assert _decisions(ruleset) == _decisions(unasked) == decisions


@given(HISTORIES, HISTORIES)
def test_equal_fingerprints_mean_equal_decisions(one: list[Change], other: list[Change]) -> None:
    left, right = Ruleset.empty().apply(one), Ruleset.empty().apply(other)
    if left.fingerprint == right.fingerprint:
        assert (_contents(left), _decisions(left)) == (_contents(right), _decisions(right))
    if _contents(left) != _contents(right):
        assert left.fingerprint != right.fingerprint


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


def test_a_rule_is_compiled_when_it_is_first_asked_and_then_kept() -> None:
    broken = Rule.of(a_trigger(where=Test(("data", "score"), "no_such_operator", 1)))
    with pytest.raises(InvalidValue, match="no such operator"):
        broken.matches(an_event(), NOON)
    rule = Rule.of(a_trigger())
    assert rule.matches is rule.matches
    assert not hasattr(rule, "no_such_attribute")


def test_a_condition_that_errs_remembers_none_of_its_events() -> None:
    broken = Rule.of(a_trigger(where=Test(("data", "score"), "no_such_operator", 1)))
    depths = []
    for _ in range(3):
        with pytest.raises(InvalidValue) as raised:
            broken.matches(an_event(), NOON)
        depths.append(len(raised.traceback))
    assert depths[0] == depths[2]


def test_many_changes_of_one_type_and_one_by_one_give_the_same_order() -> None:
    triggers = [a_trigger(number, sort_order=number * 7 % 11) for number in range(1, 101)]
    at_once = Ruleset.empty().apply(triggers)
    one_by_one = Ruleset.empty()
    for trigger in triggers:
        one_by_one = one_by_one.apply([trigger])
    assert one_by_one.candidates(an_event()) == at_once.candidates(an_event())
    halved = at_once.apply(Removal(trigger_id(number), STUDIO, 2) for number in range(1, 51))
    for number in range(1, 51):
        one_by_one = one_by_one.apply([Removal(trigger_id(number), STUDIO, 2)])
    assert one_by_one.candidates(an_event()) == halved.candidates(an_event())
    assert len(halved.candidates(an_event())) == 50


def test_a_changed_calendar_is_in_force_for_every_rule_that_asks_it_and_for_no_older_ruleset() -> None:
    asking = [a_trigger(1, where=UNLESS_FROZEN), a_trigger(2, where=All((UNLESS_FROZEN, ALWAYS)))]
    free = Ruleset.empty().apply([a_calendar(1, TOMORROW), *asking, a_trigger(3)])
    frozen = free.apply([a_calendar(2, TODAY)])
    fired = [[firing.trigger_id for firing in decide(each, an_event(), NOON).firings] for each in (free, frozen)]
    assert fired == [[trigger_id(1), trigger_id(2), trigger_id(3)], [trigger_id(3)]]
    assert free.fingerprint != frozen.fingerprint
    assert frozen.apply([a_calendar(1, TOMORROW)]) is frozen
    assert frozen.apply([CalendarRemoval(FREEZE, 3), a_calendar(4, TOMORROW)]).fingerprint != free.fingerprint


@pytest.mark.parametrize("asking", [1, 100], ids=["a few", "many"])
def test_of_many_rules_those_that_ask_are_made_anew_in_their_places(asking: int) -> None:
    triggers = [
        a_trigger(n, sort_order=n * 7 % 11, where=UNLESS_FROZEN if n <= asking else ALWAYS) for n in range(1, 101)
    ]
    free = Ruleset.empty().apply([a_calendar(1), *triggers])
    frozen = free.apply([a_calendar(2, TODAY)])
    assert frozen.candidates(an_event()) == free.candidates(an_event())
    assert [len(decide(each, an_event(), NOON).firings) for each in (free, frozen)] == [100, 100 - asking]


def test_the_calendar_of_another_tenant_is_another_calendar() -> None:
    theirs = a_calendar(5, TODAY, calendar_id=CalendarId("other", FREEZE.name))
    alone = Ruleset.empty().apply([theirs, a_trigger(where=UNLESS_FROZEN)])
    assert len(decide(alone, an_event(), NOON).errors) == 1
    ruleset = alone.apply([a_calendar(1, TOMORROW)])
    assert len(decide(ruleset, an_event(), NOON).firings) == 1
    assert decide(ruleset.apply([replace(theirs, revision=6)]), an_event(), NOON) == decide(ruleset, an_event(), NOON)


def test_a_trigger_whose_calendar_is_not_there_errs_alone_and_names_it() -> None:
    ruleset = Ruleset.empty().apply([a_trigger(1, where=UNLESS_FROZEN), a_trigger(2)])
    decisions = decide(ruleset, an_event(), NOON)
    assert [firing.trigger_id for firing in decisions.firings] == [trigger_id(2)]
    assert [error.detail for error in decisions.errors] == ["InvalidValue: there is no calendar studio-freeze"]
    assert ruleset.lacking == {trigger_id(1).int}
    found = ruleset.apply([a_calendar()])
    assert (len(decide(found, an_event(), NOON).firings), found.lacking) == (2, frozenset())
    lost = found.apply([CalendarRemoval(FREEZE, 2)])
    assert len(decide(lost, an_event(), NOON).errors) == 1


def test_the_calendars_that_a_condition_asks_are_found_wherever_they_stand() -> None:
    asked = Any((All((Not(on_a_day_of("a")), ALWAYS)), on_a_day_of("b"), Test(("data", "calendar"), "eq", "c")))
    assert calendars_of(asked) == {"a", "b"}
    assert calendars_of(Test(("now",), "calendar", FieldRef(("data", "x")))) == frozenset()
