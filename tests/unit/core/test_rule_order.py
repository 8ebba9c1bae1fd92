"""Rules in order, and what is kept by number: each as the plain list or dict would be, and no older one changes."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import a_trigger

from ensue.core.rule import Rule
from ensue.core.rule_order import LONGEST, SortedRules
from ensue.core.sharded_map import SHARDS, ShardedMap

SHORT = 4  # so that a few rules have many chunks, and many of them are at the edge of one


def rule(number: int) -> Rule:
    return Rule.of(a_trigger(number, sort_order=number * 7 % 5))


def in_order(rules: dict[int, Rule]) -> list[Rule]:
    return sorted(rules.values(), key=lambda rule: rule.rank)


@given(st.randoms(use_true_random=False), st.integers(0, 60), st.sampled_from([1, 5, 40]))
def test_rules_are_in_order_after_any_change(random: Random, count: int, most: int) -> None:
    there = {number: rule(number) for number in range(count)}
    kept = SortedRules.of(there.values(), SHORT)
    for _ in range(10):
        before, was = kept, list(kept)
        gone = random.sample(sorted(there), min(len(there), random.randrange(most + 1)))
        come = [number for number in random.sample(range(100), random.randrange(most + 1)) if number not in there]
        leaving, joining = [there.pop(number) for number in gone], [rule(number) for number in come]
        there |= dict(zip(come, joining, strict=True))
        kept = kept.changed(leaving, joining)
        assert list(kept) == in_order(there)
        anew = {number: rule(number) for number in random.sample(sorted(there), min(len(there), most))}
        there |= anew
        kept = kept.replaced(list(anew.values()))
        assert list(kept.whole()) == list(kept) == in_order(there)
        assert len(kept) == len(there)
        assert all(0 < len(chunk) <= SHORT for chunk in kept.chunks)
        assert list(before) == was


def test_any_rule_can_leave_come_and_be_made_anew_wherever_it_stands() -> None:
    there = {number: rule(number) for number in range(50)}
    kept = SortedRules.of(there.values(), SHORT)
    for number, each in there.items():
        without = kept.changed([each], [])
        assert list(without) == in_order({n: other for n, other in there.items() if n != number})
        assert list(without.changed([], [each])) == in_order(there)
        anew = rule(number)
        assert list(kept.replaced([anew])) == in_order({**there, number: anew})


def test_chunks_grow_and_shrink_with_what_they_hold() -> None:
    kept = SortedRules()
    for number in range(3 * LONGEST):
        kept = kept.changed([], [rule(number)])
    assert len(kept.chunks) <= 3 * 4
    for each in list(kept)[20:]:
        kept = kept.changed([each], [])
    assert len(kept.chunks) == 1


def test_a_change_among_many_copies_the_chunk_that_it_touches_alone() -> None:
    before = SortedRules.of(map(rule, range(20 * LONGEST)))
    after = before.changed([rule(7)], [rule(7)]).replaced([rule(8)])
    assert len({id(chunk) for chunk in after.chunks} - {id(chunk) for chunk in before.chunks}) <= 2


@given(st.lists(st.dictionaries(st.integers(0, 3 * SHARDS), st.integers(), max_size=20), max_size=10))
def test_a_map_keeps_what_came_last_by_number(changes: list[dict[int, int]]) -> None:
    kept: ShardedMap[int] = ShardedMap()
    plain: dict[int, int] = {}
    for change in changes:
        before, was = kept, sorted(kept.values())
        kept, plain = kept.changed(change), plain | change
        assert sorted(kept.values()) == sorted(plain.values())
        assert {number: kept.get(number) for number in plain} == plain
        assert kept.get(3 * SHARDS + 1) is None
        assert sorted(before.values()) == was


def test_a_change_of_a_map_copies_the_shard_that_it_touches_alone() -> None:
    empty: ShardedMap[int] = ShardedMap()
    before = empty.changed({number: number for number in range(4 * SHARDS)})
    after = before.changed({7: 0})
    assert [place for place in range(SHARDS) if after.shards[place] is not before.shards[place]] == [7]
