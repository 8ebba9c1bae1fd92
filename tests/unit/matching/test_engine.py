"""The matching engine finds exactly what a plain reading of the patterns finds, however it came to hold them."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from tests.support import pattern_draws as draw
from tests.support.pattern_oracle import matches

from ensue.testing.matching import PatternMatcher, from_patterns

Rules = dict[str, dict[str, Any]]


def some_rules(random: Random, count: int) -> Rules:
    return {f"r{index}": draw.pattern(random) for index in range(count)}


def assert_agrees(matcher: PatternMatcher, rules: Rules, events: list[dict[str, Any]]) -> None:
    for event in events:
        found = matcher.match(msgspec.json.encode(event))
        wanted = sorted(rule_id for rule_id, pattern in rules.items() if matches(pattern, event))
        assert sorted(found) == wanted, (event, {i: rules[i] for i in set(found) ^ set(wanted)})


@pytest.mark.parametrize("seed", range(20))
def test_it_finds_what_the_oracle_finds(seed: int) -> None:
    random = Random(seed)
    rules = some_rules(random, 10 + 25 * (seed % 8))
    events = [draw.event(random) for _ in range(60)]
    assert_agrees(from_patterns(list(rules.items())), rules, events)


@pytest.mark.parametrize("seed", range(5))
def test_changes_amount_to_a_fresh_build(seed: int) -> None:
    random = Random(1000 + seed)
    rules, matcher = Rules(), from_patterns([])
    for _ in range(40):
        changed = {f"r{random.randrange(60)}": draw.pattern(random) for _ in range(random.choice((1, 1, 2, 9)))}
        removed = [rule_id for rule_id in rules if random.random() < 0.1 and rule_id not in changed]
        before, rules_before = matcher, dict(rules)
        matcher = matcher.changed(list(changed.items()), removed)
        rules = {rule_id: rule for rule_id, rule in (rules | changed).items() if rule_id not in removed}
        events = [draw.event(random) for _ in range(4)]
        assert len(matcher) == len(rules)
        assert_agrees(matcher, rules, events)
        assert_agrees(before, rules_before, events[:1])
