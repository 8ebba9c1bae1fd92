"""Rules in order, and what is kept by number: each as the plain list or dict would be, and no older one changes."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import a_trigger

from ensue.core.rule import Rule
from ensue.core.rule_order import LONGEST, Ordered
from ensue.core.shelves import COUNT, Shelves


def rule(number: int) -> Rule:
    return Rule.of(a_trigger(number, sort_order=number * 7 % 5))


def in_order(rules: dict[int, Rule]) -> list[Rule]:
    return sorted(rules.values(), key=lambda rule: rule.rank)


@given(st.randoms(use_true_random=False), st.integers(0, 3 * LONGEST), st.sampled_from([1, 5, 100]))
def test_rules_are_in_order_after_any_change(random: Random, count: int, most: int) -> None:
    there = {number: rule(number) for number in range(count)}
    ordered = Ordered.of(there.values())
    for _ in range(10):
        before, was = ordered, list(ordered)
        gone = random.sample(sorted(there), min(len(there), random.randrange(most + 1)))
        come = [number for number in random.sample(range(5000), random.randrange(most + 1)) if number not in there]
        leaving, joining = [there.pop(number) for number in gone], [rule(number) for number in come]
        there |= dict(zip(come, joining, strict=True))
        ordered = ordered.changed(leaving, joining)
        assert list(ordered) == in_order(there)
        anew = {number: rule(number) for number in random.sample(sorted(there), min(len(there), most))}
        there |= anew
        ordered = ordered.replaced(list(anew.values()))
        assert list(ordered.whole()) == list(ordered) == in_order(there)
        assert len(ordered) == len(there)
        assert all(0 < len(run) <= LONGEST for run in ordered.runs)
        assert list(before) == was


def test_a_change_among_many_copies_the_run_that_it_touches_alone() -> None:
    before = Ordered.of(map(rule, range(20 * LONGEST)))
    after = before.changed([rule(7)], [rule(7)]).replaced([rule(8)])
    assert len({id(run) for run in after.runs} - {id(run) for run in before.runs}) <= 2


@given(st.lists(st.dictionaries(st.integers(0, 3 * COUNT), st.integers(), max_size=20), max_size=10))
def test_shelves_keep_what_came_last_by_number(changes: list[dict[int, int]]) -> None:
    shelves: Shelves[int] = Shelves()
    plain: dict[int, int] = {}
    for change in changes:
        before, was = shelves, sorted(shelves.values())
        shelves, plain = shelves.changed(change), plain | change
        assert sorted(shelves.values()) == sorted(plain.values())
        assert {number: shelves.get(number) for number in plain} == plain
        assert shelves.get(3 * COUNT + 1) is None
        assert sorted(before.values()) == was
