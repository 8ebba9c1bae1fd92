"""A ruleset with an index decides exactly what the plain one decides, and stays as it is when others succeed it."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support import pattern_draws
from tests.support.conditions import NOW, conditions, events
from tests.support.shaped_events import as_shaped
from tests.unit.matching.studio import OTHER, STUDIO, TYPE, a_trigger, a_variant, an_event, said

from ensue.core.calendars import Calendar, CalendarId
from ensue.core.conditions.tree import All, Condition, Not, Pattern, Test
from ensue.core.conditions.tree import Any as AnyOf
from ensue.core.decide import decide
from ensue.core.event import Event
from ensue.core.json import Json
from ensue.core.ruleset import Removal, Ruleset
from ensue.matching.indexability import why_not_indexed
from ensue.matching.triggers import WORTH_AN_INDEX, IndexedRuleset


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(conditions(), min_size=WORTH_AN_INDEX, max_size=24), st.lists(events(), min_size=1, max_size=8))
def test_it_decides_what_the_plain_ruleset_decides(wheres: list[Condition], seen: list[Event]) -> None:
    types = sorted({event.type for event in seen})
    tenant = seen[0].tenant
    triggers = [a_trigger(n, where, types=types, tenant=tenant) for n, where in enumerate(wheres, 1)]
    plain, index = Ruleset.empty().apply(triggers), IndexedRuleset().apply(triggers)
    for event in seen:
        expected = decide(plain, event, NOW)
        assert decide(index, event, NOW) == expected
        for like in (event, seen[0]):
            assert said(decide(index, as_shaped(event, like), NOW)) == said(expected)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_what_patterns_match_is_found_in_whatever_arrays_it_stands(random: Random) -> None:
    leaves = [Pattern(pattern_draws.pattern(random)) for _ in range(2 * WORTH_AN_INDEX)]
    more: list[Condition] = [
        Not(leaves[0]),
        All(tuple(leaves[:2])),
        AnyOf(tuple(leaves[2:4])),
        All((leaves[4], Not(leaves[5]))),
    ]
    triggers = [a_trigger(n, where) for n, where in enumerate([*more, *leaves], 1)]
    plain, index = Ruleset.empty().apply(triggers), IndexedRuleset().apply(triggers)
    for _ in range(8):
        data = pattern_draws.event(random)["detail"]
        if random.random() < 0.2:
            data["n"] = random.choice((2**53 + 1, [[10**30]], -(10**400)))
        event = an_event(random.choice((data, data, data, [data], [[data], "a"], pattern_draws.value(random))))
        expected = decide(plain, event, NOW)
        assert decide(index, event, NOW) == expected
        assert said(decide(index, as_shaped(event), NOW)) == said(expected)


def test_a_pattern_is_looked_up_by_what_it_reads_in_data() -> None:
    state: Json = [{"anything-but": ["draft"]}]
    patterns = [Pattern({"detail": {"variant": [n], "state": state}}) for n in range(1, 101)]
    index = IndexedRuleset().apply([a_trigger(n, each) for n, each in enumerate(patterns, 1)])
    assert index.unindexed() == {}
    asked = index.rules_for(an_event({"variant": [[7]], "state": "final"}))
    assert [rule.trigger.trigger_id.int & 0xFF for rule in asked] == [7]


def test_only_candidates_are_asked() -> None:
    index = IndexedRuleset().apply([a_trigger(n, a_variant(n)) for n in range(1, 101)])
    asked = index.rules_for(an_event({"variant": 7, "score": 0.9}))
    assert [rule.trigger.trigger_id.int & 0xFF for rule in asked] == [7]
    assert index.rules_for(an_event({"variant": 7}, tenant=OTHER)) == ()


NUMBERS = st.sampled_from([0, 1, -1, 0.5, 2**53, 2**53 + 1, -(2**53) - 1, 10**30, -(10**400), 1e300, True, "1", None])
RANGES = st.builds(
    lambda operator, bound: Test(("data", "x"), operator, bound),
    st.sampled_from(["gt", "gte", "lt", "lte", "eq"]),
    st.sampled_from([0, 1, -1, 0.5, 2**53, -(2**53), 2**53 + 1, 10**30, 1e300]),
)


@settings(deadline=None)
@given(
    st.lists(RANGES, min_size=WORTH_AN_INDEX, max_size=24),
    st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xy"), inner)),
)
def test_numbers_of_any_size_are_found_in_ranges_without_an_end(wheres: list[Condition], value: Json) -> None:
    triggers = [a_trigger(n, where) for n, where in enumerate(wheres, 1)]
    plain, index = Ruleset.empty().apply(triggers), IndexedRuleset().apply(triggers)
    seen: list[Json] = [value, {"x": value}, [{"x": value}, {"x": 0}]]
    for data in seen:
        expected = decide(plain, an_event(data), NOW)
        assert decide(index, an_event(data), NOW) == expected
        assert said(decide(index, as_shaped(an_event(data)), NOW)) == said(expected)


def test_a_range_without_an_end_is_looked_up() -> None:
    index = IndexedRuleset().apply([a_trigger(n, Test(("data", "score"), "gte", n)) for n in range(1, 101)])
    assert index.unindexed() == {}
    assert len(index.rules_for(an_event({"score": 3}))) == 3
    assert len(index.rules_for(an_event({"score": 2**53 + 1}))) == 100
    for large in (2**53 + 1, 10**400):
        assert len(index.rules_for(as_shaped(an_event({"score": large}), an_event({"score": 1})))) == 100


def test_a_successor_shares_and_leaves_its_predecessor_alone() -> None:
    first = IndexedRuleset().apply([a_trigger(n, a_variant(n)) for n in range(1, 101)])
    event = an_event({"variant": 7, "score": 0.9})
    moved = replace(a_trigger(7, a_variant(8)), revision=2)
    second = first.apply([moved, Removal(UUID(int=8, version=4), STUDIO, 2), a_trigger(200, a_variant(7))])
    assert [f.trigger_id.int & 0xFF for f in decide(second, event, NOW).firings] == [200]
    assert [f.trigger_id.int & 0xFF for f in decide(first, event, NOW).firings] == [7]
    assert second.revision_of(moved.trigger_id) == 2
    assert len(second) == 100
    assert second.apply([moved]) is second


def test_a_changed_calendar_is_in_force_behind_the_index_and_not_in_its_predecessor() -> None:
    freeze = CalendarId(STUDIO, "studio-freeze")
    unless_frozen = Not(Test(("now",), "calendar", {"name": freeze.name, "zone": "UTC"}))
    triggers = [a_trigger(n, All((a_variant(n), unless_frozen))) for n in range(1, 101)]
    free = IndexedRuleset().apply([Calendar(freeze, 1, frozenset()), *triggers])
    frozen = free.apply([Calendar(freeze, 2, frozenset({NOW.date()}))])
    event = an_event({"variant": 7, "score": 0.9})
    fired = [[f.trigger_id.int & 0xFF for f in decide(each, event, NOW).firings] for each in (free, frozen, free)]
    assert fired == [[7], [], [7]]
    assert frozen.fingerprint != free.fingerprint


def test_a_trigger_that_listens_elsewhere_now_is_gone_here() -> None:
    first = IndexedRuleset().apply([a_trigger(n) for n in range(1, 31)])
    second = first.apply([replace(a_trigger(7, types=["other.type"]), revision=2)])
    assert len(second.rules_for(an_event({}))) == 29
    few = second.apply([Removal(UUID(int=n, version=4), STUDIO, 9) for n in range(10, 31)])
    assert len(few.rules_for(an_event({}))) == 8


def test_many_changes_one_by_one_scatter_an_index_and_compacting_it_changes_no_decision() -> None:
    index = plain = None
    for start in range(0, 900, 300):
        triggers = [a_trigger(n, a_variant(n % 50)) for n in range(start + 1, start + 301)]
        index = (index or IndexedRuleset()).apply(triggers)
        plain = (plain or Ruleset.empty()).apply(triggers)
    assert index is not None
    assert plain is not None
    assert index.is_scattered
    compact = index.compacted()
    assert not compact.is_scattered
    assert compact.fingerprint == index.fingerprint
    event = an_event({"variant": 7, "score": 0.9})
    later = compact.apply([Removal(UUID(int=7, version=4), STUDIO, 2)])
    assert len(compact.rules_for(event)) == 18
    assert decide(compact, event, NOW) == decide(index, event, NOW) == decide(plain, event, NOW)
    assert len(decide(later, event, NOW).firings) == 17
    assert compact.compacted() == compact


def test_what_cannot_be_indexed_is_counted_by_tenant_and_type() -> None:
    denial = Not(a_variant(1))
    triggers = [a_trigger(n, a_variant(n)) for n in range(1, 31)]
    triggers += [a_trigger(n + 100, denial, tenant=OTHER) for n in range(1, 31)]
    triggers += [a_trigger(n + 200, denial, tenant=OTHER, types=[TYPE, "few", "few"]) for n in range(1, 4)]
    triggers += [a_trigger(n + 300, tenant=OTHER) for n in range(1, 31)]
    assert IndexedRuleset().apply(triggers).unindexed() == {(OTHER, TYPE): 33}
    switched_off = [replace(trigger, enabled=False, revision=2) for trigger in triggers[30:]]
    assert IndexedRuleset().apply([*triggers, *switched_off]).unindexed() == {}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.lists(st.tuples(conditions(), st.booleans()), max_size=24),
    st.sets(st.integers(1, 24)),
)
def test_the_ruleset_counts_what_the_cap_counts(wheres: list[tuple[Condition, bool]], changed: set[int]) -> None:
    triggers = [replace(a_trigger(n, where), enabled=on) for n, (where, on) in enumerate(wheres, 1)]
    known = IndexedRuleset().apply(triggers)
    edited = [replace(triggers[n - 1], where=triggers[0].where, revision=2) for n in changed if n <= len(triggers)]
    after = {trigger.trigger_id: trigger for trigger in (*triggers, *edited)}.values()
    capped = sum(trigger.enabled and why_not_indexed(trigger.where) is not None for trigger in after)
    counted = known.apply(edited).unindexed().get((STUDIO, TYPE), 0)
    assert counted == (capped if len(after) >= WORTH_AN_INDEX else 0)


def test_a_condition_that_cannot_be_read_errs_when_its_event_comes() -> None:
    broken = a_trigger(99, Test(("data", "x"), "no_such_operator", 1))
    index = IndexedRuleset().apply([*(a_trigger(n, a_variant(n)) for n in range(1, 31)), broken])
    decisions = decide(index, an_event({"variant": 3, "score": 1}), NOW)
    assert [error.firing.trigger_id for error in decisions.errors] == [broken.trigger_id]
    assert len(decisions.firings) == 1
