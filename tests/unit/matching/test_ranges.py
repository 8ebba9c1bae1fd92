"""Ranges of numbers, however large and however many share a place, hold what plain comparison holds."""

from __future__ import annotations

from random import Random
from sys import float_info
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pattern_oracle import Oracle

from ensue.core.conditions.dialects.doubles import fits_a_double
from ensue.core.conditions.dialects.eventbridge import FieldPattern, Numeric
from ensue.matching.crossings import Members, crossing
from ensue.matching.intervals import Ranges, reach
from ensue.matching.scalars import inline_test
from ensue.matching.scalars import test_of as value_test_of
from ensue.testing.matching import from_patterns

near = st.integers(-6, 6).map(lambda step: 2**53 + step)
numbers = near | st.integers(-5, 5) | st.floats(-5, 5) | st.sampled_from([10**400, -(10**400), 2**1023, 1e308, 0.1])
bounds = st.none() | numbers


def plainly(wanted: Numeric, number: float) -> bool:
    above = wanted.low is None or number > wanted.low or (wanted.low_included and number == wanted.low)
    below = wanted.high is None or number < wanted.high or (wanted.high_included and number == wanted.high)
    return fits_a_double(number) and above and below


@given(st.builds(Numeric, bounds, bounds, st.booleans(), st.booleans()), numbers)
def test_a_range_holds_what_lies_between_its_bounds(wanted: Numeric, number: float) -> None:
    field = FieldPattern(("k",), (wanted,))
    assert value_test_of(field)(number) is plainly(wanted, number)
    assert inline_test(["e"], [field])(number) is plainly(wanted, number)


doubles = (
    st.integers(-5, 5)
    | st.floats(-5, 5)
    | st.sampled_from([2**53, 2**1023, -1e308, 1e308, 5e-324, -0.0, float_info.max, -float_info.max])
)


@given(
    st.lists(st.builds(Numeric, st.none() | doubles, st.none() | doubles, st.booleans(), st.booleans()), min_size=1),
    doubles,
)
def test_the_reaches_of_many_ranges_hold_what_each_of_them_holds(wanted: list[Numeric], number: float) -> None:
    reaches = Ranges(wanted).reaches().tolist()
    assert [low <= number < end for low, end in reaches] == [plainly(each, number) for each in wanted]
    assert [tuple(each) for each in reaches] == [reach(each) for each in wanted]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("included", [True, False])
def test_bounds_that_are_no_doubles_are_exact(*, included: bool, sign: int) -> None:
    around = [sign * (2**53 + step) for step in range(-6, 7)]
    for bound in around:
        for wanted in (Numeric(low=bound, low_included=included), Numeric(high=bound, high_included=included)):
            test = value_test_of(FieldPattern(("k",), (wanted,)))
            assert [test(number) for number in around] == [plainly(wanted, number) for number in around]


spans = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda pair: (float(min(pair)), float(max(pair)) + 1))


@given(st.lists(st.tuples(spans, spans, st.booleans()), max_size=30), st.integers(2, 9), st.integers(2, 9))
def test_a_crossing_holds_what_its_members_hold(drawn: list[Any], x: int, y: int) -> None:
    across, down = (np.array([each[axis] for each in drawn], float).reshape(-1, 2) for axis in (0, 1))
    members = Members(across, down, range(len(drawn)), [bool if asked else None for _, _, asked in drawn])
    xs, ys, *groups = crossing(members, (2.0, 10.0), (2.0, 10.0))
    column, row = sum(cut <= x for cut in xs), sum(cut <= y for cut in ys)
    found: set[Any] = set()
    for group in groups:
        for columns, rows, ids in group:
            for bit, each in enumerate(ids):
                if columns[column] & rows[row] & 1 << bit:
                    found.add(each if not isinstance(each, tuple) else each[0])
    assert found == {i for i, (a, d, _) in enumerate(drawn) if a[0] <= x < a[1] and d[0] <= y < d[1]}


def test_two_ranges_and_more_of_which_many_share_a_place() -> None:
    random = Random(3)  # noqa: S311  # draws cases
    rules: dict[str, dict[str, Any]] = {}
    for index in range(1500):
        low, other = random.randrange(300), random.randrange(300) if index % 3 else 40
        detail: dict[str, Any] = {
            "n": [{"numeric": [random.choice((">", ">=")), low, random.choice(("<", "<=")), low + 12]}],
            "k": [{"numeric": [">=", other / 4, "<", other / 4 + 2.5]}],
        }
        if index % 2:
            detail["tags"] = [random.choice(({"anything-but": "a"}, {"exists": True}, {"prefix": ""}))]
        rules[f"r{index}"] = {"detail": detail}
    matcher, oracle = from_patterns(list(rules.items())), Oracle(rules)
    for _ in range(150):
        tags: Any = random.choice(("a", "b", ["a", "b"], []))
        n: Any = random.choice((random.randrange(320), random.random() * 300, [1, 7, 200], "7", True))
        event = {"detail": {"n": n, "k": random.randrange(320) / 4, "tags": tags}}
        assert sorted(matcher.match(msgspec.json.encode(event))) == oracle.match(event), event
