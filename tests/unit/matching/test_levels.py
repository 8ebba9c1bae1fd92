"""A change costs as much as what changes: what is small is rebuilt at once, the rest when the caller has the time."""

from __future__ import annotations

import gc
import weakref
from random import Random
from typing import Any

import msgspec
import pytest
from tests.bench.matching.shapes import SHAPES, Shape
from tests.support import pattern_draws as draw
from tests.support.pattern_oracle import Oracle

from ensue.matching import levels
from ensue.matching.engine import Engine
from ensue.matching.levels import AT_ONCE, GROWTH, MOST_LEVELS, Level
from ensue.matching.patterns import rules_of
from ensue.matching.projection import Layout
from ensue.testing.matching import PatternMatcher, from_patterns

Rules = dict[str, dict[str, Any]]


def pattern(random: Random) -> dict[str, Any]:
    """One of the usual, or one whose path ends where others lead on, or leads on where others end."""
    odd = random.random()
    if odd < 0.1:
        return {"detail": {"o": [draw.matcher(random)]}}
    if odd < 0.2:
        return {"detail": {"k": {"x": [draw.matcher(random)]}, "n": [draw.matcher(random)]}}
    return draw.pattern(random)


def event(random: Random) -> dict[str, Any]:
    """One of the usual, or one with an object where others have a scalar."""
    made = draw.event(random)
    if random.random() < 0.3:
        made["detail"]["k"] = {"x": draw.value(random)}
    return made


def assert_agrees(matcher: PatternMatcher, rules: Rules, events: list[dict[str, Any]]) -> None:
    oracle = Oracle(rules)
    for each in events:
        assert sorted(matcher.match(msgspec.json.encode(each))) == oracle.match(each), each


@pytest.mark.parametrize("seed", range(6))
def test_changes_and_compactions_amount_to_a_fresh_build(seed: int) -> None:
    random = Random(seed)  # noqa: S311  # draws cases
    rules, matcher = Rules(), from_patterns([])
    scattered = 0
    for _ in range(14):
        count = random.choice((1, 5, 60, AT_ONCE))
        changes = {f"r{random.randrange(700)}": pattern(random) for _ in range(count)}
        removed = [rule_id for rule_id in rules if random.random() < 0.1 and rule_id not in changes]
        before, rules_before = matcher, rules
        matcher = matcher.changed(list(changes.items()), removed)
        rules = {rule_id: rule for rule_id, rule in (rules | changes).items() if rule_id not in removed}
        if matcher.is_scattered:
            scattered += 1
            if random.random() < 0.5:
                matcher = matcher.compacted()
                assert not matcher.is_scattered
        events = [event(random) for _ in range(3)]
        assert len(matcher) == len(rules)
        assert_agrees(matcher, rules, events)
        assert_agrees(before, rules_before, events[:1])
    assert scattered, "or this test shows nothing of compaction"


def several(start: int, count: int) -> dict[Any, Any]:
    """Rules by id."""
    made = rules_of([(index, {"k": [f"v{index}"]}) for index in range(start, start + count)])
    return {rule.rule_id: rule for rule in made}


def after(steps: list[int]) -> tuple[list[Level], Layout]:
    """The levels after so many rules came at a time."""
    known, layout, start = list[Level](), Layout.of(()), 0
    for step in steps:
        known, layout = levels.changed(known, layout, several(start, step), set())
        start += step
    return known, layout


@pytest.mark.parametrize("steps", [[10_000, *[1] * 300], [5_000, 200, *[40] * 30], [1] * 600, [300] * 8])
def test_a_change_rebuilds_few_rules_besides_its_own(steps: list[int]) -> None:
    known, layout, start = list[Level](), Layout.of(()), 0
    for step in steps:
        made, layout = levels.changed(known, layout, several(start, step), set())
        old = {id(level.tier) for level in known}
        assert sum(level.size() for level in made if id(level.tier) not in old) <= AT_ONCE + step
        known, start = made, start + step
    assert sum(level.size() for level in known) == sum(steps)


def test_small_changes_are_in_order_without_being_compacted() -> None:
    known, _ = after([1] * 200)
    sizes = [level.size() for level in known]
    assert all(size >= GROWTH * sum(sizes[place + 1 :]) for place, size in enumerate(sizes))
    assert not levels.is_scattered(known)


def test_compaction_keeps_what_is_in_order_and_joins_the_rest() -> None:
    known, layout = after([20_000, 300, 300, 300])
    compact, _ = levels.compacted(known, layout)
    assert [level.size() for level in compact] == [20_000, 900]
    assert compact[0] is known[0]
    assert not levels.is_scattered(compact)


def test_levels_that_nobody_compacts_stay_few() -> None:
    known, _ = after([AT_ONCE] * 3 * MOST_LEVELS)
    assert len(known) <= MOST_LEVELS + 1


def test_a_tier_of_which_most_is_gone_waits_to_be_rebuilt() -> None:
    known, layout = after([1_000])
    known, layout = levels.changed(known, layout, {}, set(range(501)))
    assert levels.is_scattered(known)
    compact, _ = levels.compacted(known, layout)
    assert [(level.size(), len(level.hidden)) for level in compact] == [(499, 0)]


def test_a_path_that_leads_on_where_another_ends_rebuilds_nothing() -> None:
    known, layout = after([2_000])
    (inner,) = rules_of([("inner", {"k": {"x": [1]}})])
    made, _ = levels.changed(known, layout, {"inner": inner}, set())
    assert made[0] is known[0]


@pytest.mark.parametrize("first", ["ends", "leads on"])
def test_an_object_is_absent_to_a_path_that_ends_there(first: str) -> None:
    ending: list[tuple[str, dict[str, Any]]] = [
        ("absent", {"k": [{"exists": False}]}),
        ("present", {"k": [{"exists": True}]}),
        ("but", {"k": [{"anything-but": "a"}]}),
        ("value", {"k": ["a"]}),
    ]
    leading: list[tuple[str, dict[str, Any]]] = [("inner", {"k": {"x": [1]}})]
    parts = (ending, leading) if first == "ends" else (leading, ending)
    many = [(f"r{index}", {"n": [index]}) for index in range(2_000)]
    matcher = from_patterns(many + parts[0]).changed(parts[1])
    assert sorted(matcher.match(b'{"k": {"x": 1}}')) == ["absent", "inner"]
    assert sorted(matcher.match(b'{"k": {"y": 1}}')) == ["absent"]
    assert sorted(matcher.match(b"{}")) == ["absent"]
    assert sorted(matcher.match(b'{"k": "a"}')) == ["present", "value"]
    assert sorted(matcher.match(b'{"k": [2, {"x": 1}]}')) == ["but", "inner", "present"]


class Id:
    """An id that can be seen to be gone."""

    __slots__ = ("__weakref__",)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_what_is_rebuilt_goes_at_once_without_the_garbage_collector(shape: Shape) -> None:
    """Who builds freezes what was made: what only the collector could free would stay for good."""
    random, count = Random(1), 3_000  # noqa: S311  # draws cases
    ids = [Id() for _ in range(count)]
    seen = [weakref.ref(each) for each in ids]
    engine = Engine.of(rules_of([(each, shape.pattern(random, n, count)) for n, each in enumerate(ids)]))
    for _ in range(20):
        engine.match(msgspec.json.encode(shape.event(random, count)))
    gc.disable()
    try:
        del ids, engine
        assert sum(each() is not None for each in seen) <= 1  # the last one that a loop named
    finally:
        gc.enable()
