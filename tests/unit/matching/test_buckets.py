"""What a table finds under a key: each rule once, whether few or many are there, proven or still to be checked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ensue.matching.buckets import FEW_IDS
from ensue.testing.matching import from_patterns


def found(rules: dict[str, dict[str, Any]], event: dict[str, Any]) -> list[str]:
    return sorted(from_patterns(list(rules.items())).match(msgspec.json.encode(event)))


@pytest.mark.parametrize("count", [1, 2, FEW_IDS, FEW_IDS + 1, 4 * FEW_IDS])
@pytest.mark.parametrize("wanted", [["a"], ["a", "a"], ["b", "a", "a"], ["a", {"prefix": "a"}]])
def test_all_rules_under_a_key_are_found_once_each(count: int, wanted: list[Any]) -> None:
    proven = {f"proven {n}": {"k": wanted} for n in range(count)}
    checked = {f"checked {n}": {"k": wanted, "n": [{"anything-but": "x"}]} for n in range(count)}
    mixed = {name: rule for pair in zip(proven.items(), checked.items(), strict=True) for name, rule in pair}
    for rules in (proven, checked, mixed):
        assert found(rules, {"k": "a", "n": "y"}) == sorted(rules)
        assert found(rules, {"k": "a", "n": "x"}) == sorted(rules.keys() & proven.keys())
        assert found(rules, {"k": "z", "n": "y"}) == []
        assert found(rules, {"n": "y"}) == []


def test_numbers_that_are_equal_are_one_key() -> None:
    assert found({"r": {"k": [1, 1.0, True]}, "s": {"k": [1.0]}}, {"k": 1}) == ["r", "s"]
    assert found({"r": {"k": [1, 1.0, True]}, "s": {"k": [1.0]}}, {"k": True}) == ["r"]


def test_a_value_that_stands_twice_finds_what_is_still_to_be_checked_once() -> None:
    rules = {f"r{n}": {"n": [{"wildcard": "x*y"}], "k": ["a", "a", "b"]} for n in range(40)}
    assert found(rules, {"n": "x-y", "k": "a"}) == sorted(rules)
    assert found(rules, {"n": "x-z", "k": "a"}) == []
