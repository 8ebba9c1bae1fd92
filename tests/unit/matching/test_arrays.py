"""Events with arrays find what the oracle finds, in streams that have them now here, now there, now not at all."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
import pytest
from tests.support import pattern_draws as draw
from tests.support.pattern_oracle import Oracle

from ensue.core.conditions.dialects.eventbridge import FieldPattern
from ensue.matching.engine import Engine
from ensue.matching.rules import Rule
from ensue.testing.matching import PatternMatcher, from_patterns

Rules = dict[str, dict[str, Any]]
MANY = [f"none-{number}" for number in range(40)]


def found(matcher: PatternMatcher, event: dict[str, Any]) -> list[str]:
    return sorted(matcher.match(msgspec.json.encode(event)))


@pytest.mark.parametrize("seed", range(12))
def test_arrays_anywhere_find_what_the_oracle_finds(seed: int) -> None:
    random = Random(seed)  # noqa: S311  # draws cases
    rules = {f"r{index}": draw.pattern(random) for index in range(80)}
    matcher, oracle = from_patterns(list(rules.items())), Oracle(rules)
    for _ in range(60):
        event = draw.event(random)
        for name in random.sample(("k", "n", "tags"), 2):
            event["detail"][name] = [draw.scalar(random) for _ in range(random.choice((0, 1, 2, 5)))]
        assert found(matcher, event) == oracle.match(event), event


@pytest.mark.parametrize("seed", range(6))
def test_rules_may_change_between_events_with_arrays(seed: int) -> None:
    random = Random(100 + seed)  # noqa: S311  # draws cases
    rules = {f"r{index}": draw.pattern(random) for index in range(40)}
    matcher = from_patterns(list(rules.items()))
    for step in range(20):
        new = {f"r{random.randrange(50)}": draw.pattern(random), f"n{step}": draw.pattern(random)}
        rules |= new
        matcher = matcher.changed(list(new.items()))
        event = draw.event(random)
        event["detail"][random.choice(("k", "tags"))] = [draw.scalar(random) for _ in range(3)]
        assert found(matcher, event) == Oracle(rules).match(event), event


VALUES: list[Any] = [
    [],
    ["a"],
    ["a", "a"],
    ["b", "a", "b"],
    [True, 1],
    [1, True],
    [1.0, False, 0],
    [None],
    [2**70, 2**53 + 2],
    [["a"]],
    [[], ["a", ["b"]]],
    [{"x": "a"}, "a"],
    {"x": ["a"]},
    {},
    None,
    [*MANY, "a"],
    [*MANY, 1, "b"],
]
EXACT: list[Any] = ["a", "b", 1, True, False, None, 2**70, 2**53 + 2]
OTHERS: list[Any] = [{"anything-but": "a"}, {"anything-but": ["a", "b"]}, {"anything-but": [1, 7]}]
EXISTING: list[Any] = [{"exists": True}, {"exists": False}]
ANY: list[Any] = [{"prefix": "a"}, {"numeric": [">", 0]}, {"anything-but": {"prefix": "none"}}]
MATCHERS = {
    "texts": ["a", "b"],
    "values": EXACT,
    "anything but a value": ["a", *OTHERS],
    "existence": ["a", *EXISTING],
    "any matcher": EXACT + OTHERS + EXISTING + ANY,
    "beside an inner path": EXACT + OTHERS + EXISTING + ANY,
}


@pytest.mark.parametrize("kind", MATCHERS)
def test_each_array_against_each_matcher(kind: str) -> None:
    """Rules of values alone are asked about the elements that they name; others about one more, or all."""
    matchers = MATCHERS[kind]
    rules: Rules = {f"one {index}": {"k": [each]} for index, each in enumerate(matchers)}
    rules |= {f"with {index}": {"k": [each], "n": ["a", {"exists": False}]} for index, each in enumerate(matchers)}
    rules |= {"n alone": {"n": ["b"]}, "nothing": {"z": [1]}}
    if kind == "beside an inner path":
        rules["inner"] = {"k": {"x": ["a"]}}
    matcher, oracle = from_patterns(list(rules.items())), Oracle(rules)
    for k in VALUES:
        for n in VALUES:
            for event in ({"k": k, "n": n}, {"n": n}, {"k": k}):
                assert found(matcher, event) == oracle.match(event), event


def test_two_fields_may_want_different_elements_but_one_object() -> None:
    pattern = {"o": {"x": ["a"], "y": ["b"]}, "tags": ["s", "t"]}
    matcher = from_patterns([("r", pattern)])
    assert found(matcher, {"o": {"x": ["z", "a"], "y": ["b", "c"]}, "tags": ["u", "t"]}) == ["r"]
    assert found(matcher, {"o": [{"x": "a", "y": "c"}, {"x": "z", "y": "b"}], "tags": "t"}) == []
    assert found(matcher, {"o": [{"x": "a", "y": ["c", "b"]}, {"x": "z"}], "tags": ["t"]}) == ["r"]


def test_an_event_is_found_once_though_many_of_its_elements_match() -> None:
    matcher = from_patterns([("r", {"k": ["a", "b", "c"], "n": [1, 2]}), ("s", {"k": [{"exists": True}]})])
    for _ in range(2):
        assert found(matcher, {"k": ["a", "b", "c", "a"], "n": [2, 1]}) == ["r", "s"]
    lists = from_patterns([("r", {"k": ["a", "b"]}), ("s", {"k": ["b", "c"]}), ("t", {"k": ["b"]})])
    assert found(lists, {"k": ["a", "b", "c"]}) == ["r", "s", "t"]


def test_two_fields_at_one_path_may_want_different_elements() -> None:
    path = ("k",)
    both = (FieldPattern(path, ("a",)), FieldPattern(path, ("b",)))
    engine = Engine.of([Rule("r", (both,), lambda _: True)])
    for _ in range(2):
        assert engine.match(b'{"k": ["b", "a"]}') == ["r"]
        assert engine.match(b'{"k": ["b", "c"]}') == []


SCALARS: list[Any] = ["a", "b", "c", 1, 0, True, False, None, 2**70, 1.5]


def equalities(random: Random, count: int, paths: Sequence[str]) -> Rules:
    """Rules of one value at some of the paths, some with something else beside."""
    rules: Rules = {}
    for index in range(count):
        named = random.sample(paths, random.randint(1, len(paths)))
        pattern: dict[str, Any] = {name: [random.choice(SCALARS)] for name in named}
        if random.random() < 0.3:
            pattern["z"] = [random.choice([{"exists": False}, {"anything-but": "a"}, {"prefix": "a"}])]
        rules[f"r{index}"] = pattern
    return rules


@pytest.mark.parametrize("paths", ["k", "kn", "kntz", "kntuvw"])
@pytest.mark.parametrize("others", [False, True])
def test_rules_of_plain_values_are_asked_once_for_all_elements(paths: str, others: bool) -> None:  # noqa: FBT001  # a case
    random = Random(len(paths))  # noqa: S311  # draws cases
    rules = equalities(random, 300, paths)
    if others:
        rules |= {f"other {index}": {"k": [each, "c"]} for index, each in enumerate(EXACT + OTHERS + EXISTING + ANY)}
    matcher = from_patterns(list(rules.items()))
    matcher = matcher.changed([("r1", {"k": ["a"]}), ("new", {"n": ["b"]})], ["r2"])
    rules |= {"r1": {"k": ["a"]}, "new": {"n": ["b"]}}
    del rules["r2"]
    oracle = Oracle(rules)
    for _ in range(300):
        event = {name: random.choice(SCALARS) for name in paths if random.random() < 0.9}
        event[random.choice(paths)] = random.choices(SCALARS, k=random.choice((0, 1, 3, 40)))
        assert found(matcher, event) == oracle.match(event), event


def test_a_later_tier_sees_the_array_that_an_earlier_one_took_apart() -> None:
    rules: Rules = {f"old {index}": {"k": [f"none-{index % 3}", f"other-{index}"]} for index in range(400)}
    new: Rules = {f"new {number}": {"k": [f"none-{number}", {"suffix": "?"}]} for number in range(40)}
    matcher = from_patterns(list(rules.items())).changed(list(new.items()))
    event = {"k": MANY}
    for _ in range(2):
        assert found(matcher, event) == Oracle(rules | new).match(event)
