"""Index keys: what is necessary for a condition, sharp enough to be worth an index."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.condition_table import condition_of

from ensue.core.conditions.keys import (
    AllOf,
    AnyOf,
    Between,
    Equals,
    FoldedEquals,
    Keys,
    Lookup,
    Needed,
    NotEquals,
    Prefixes,
    Present,
    Substrings,
    Suffixes,
    holds,
)
from ensue.core.conditions.needed import needed

A = ("data", "a")
ONE = {"field": "data.a", "op": "eq", "value": 1}
TWO = {"field": "data.b", "op": "eq", "value": 2}
UNKNOWN = {"not": {"field": "data.c", "op": "eq", "value": 3}}
ONE_NEEDED = Lookup(A, Equals((1,)))
TWO_NEEDED = Lookup(("data", "b"), Equals((2,)))

OF_TESTS: list[tuple[str, Any, Keys | None]] = [
    ("eq", "x", Equals(("x",))),
    ("eq", [1], Present()),
    ("neq", 1, NotEquals((1,))),
    ("in", [1, None], Equals((1, None))),
    ("not_in", ["a"], NotEquals(("a",))),
    ("gt", 1, Between(1, None, low_included=False, high_included=False)),
    ("gte", "a", Between("a", None, low_included=True, high_included=False)),
    ("lt", 1, Between(None, 1, low_included=False, high_included=False)),
    ("lte", 1, Between(None, 1, low_included=False, high_included=True)),
    ("between", [1, 2], Between(1, 2, low_included=True, high_included=True)),
    ("contains", "x", Substrings(("x",))),
    ("contains", 1, Equals((1,))),
    ("starts_with", "x", Prefixes(("x",))),
    ("ends_with", "x", Suffixes(("x",))),
    ("eq_ci", "SS", FoldedEquals(("ss",))),
    ("in_ci", ["B", "a"], FoldedEquals(("a", "b"))),
    ("wildcard", "ab*c", Prefixes(("ab",))),
    ("wildcard", "*bc", Suffixes(("bc",))),
    ("wildcard", "*b*long*", Substrings(("long",))),
    ("wildcard", "a\\*", Equals(("a*",))),
    ("wildcard", "*", Present()),
    ("regex", "^a", Present()),
    ("exists", True, Present()),
    ("exists", False, None),
    ("is_null", True, Equals((None,))),
    ("is_null", False, Present()),
    ("before", "2026-07-01T12:00:00Z", Present()),
]


@pytest.mark.parametrize(("name", "value", "keys"), OF_TESTS, ids=[f"{name} {value}" for name, value, _ in OF_TESTS])
def test_a_test_needs(name: str, value: object, keys: Keys | None) -> None:
    condition = condition_of({"field": "data.a", "op": name, "value": value})
    assert needed(condition) == (None if keys is None else Lookup(A, keys))


OF_TREES: dict[str, tuple[dict[str, Any], Needed | None]] = {
    "all of two": ({"all": [ONE, TWO]}, AllOf((ONE_NEEDED, TWO_NEEDED))),
    "all of all": ({"all": [{"all": [ONE]}, {"all": [TWO, UNKNOWN]}]}, AllOf((ONE_NEEDED, TWO_NEEDED))),
    "one of two": ({"any": [ONE, {"any": [TWO]}]}, AnyOf((ONE_NEEDED, TWO_NEEDED))),
    "one of which nothing is known": ({"any": [ONE, UNKNOWN]}, None),
    "nothing": ({"all": []}, None),
    "never": ({"not": {"all": []}}, AnyOf(())),
    "a double denial": ({"not": {"not": ONE}}, ONE_NEEDED),
    "a denied any": (
        {"not": {"any": [UNKNOWN, {"not": ONE}]}},
        AllOf((Lookup(("data", "c"), Equals((3,))), ONE_NEEDED)),
    ),
    "there, said twice denied": ({"not": {"field": "data.a", "op": "exists", "value": False}}, Lookup(A, Present())),
    "every": ({**ONE, "quantifier": "every"}, ONE_NEEDED),
    "none": ({**ONE, "quantifier": "none"}, Lookup(A, Present())),
    "a length": ({"field": "length(data.a)", "op": "eq", "value": 1}, Lookup(A, Present())),
    "the arrival": ({"field": "now", "op": "weekday", "value": ["mon"]}, None),
    "another field": (
        {"field": "data.a", "op": "eq", "value_of": "data.b"},
        AllOf((Lookup(A, Present()), Lookup(("data", "b"), Present()))),
    ),
    "a change": (
        {"field": "data.a", "op": "changed_to", "value": 1},
        AllOf((
            Lookup(("data", "after", "a"), Equals((1,))),
            Lookup(("data", "before"), Present()),
            Lookup(("data", "after"), Present()),
        )),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_TREES)
def test_a_tree_needs(name: str) -> None:
    document, wanted = OF_TREES[name]
    assert needed(condition_of(document)) == wanted


def test_keys_open_arrays_and_tell_types_apart() -> None:
    assert holds(Equals((1,)), [[0, 1.0]])
    assert not holds(Equals((1,)), [True, "1", [[1]]])
    assert holds(NotEquals((1,)), [[1]]) is False
    assert holds(NotEquals((1,)), [{}])
    assert holds(Present(), [[]])
    assert not holds(Between(0, None, low_included=True, high_included=False), ["5", True, None])
