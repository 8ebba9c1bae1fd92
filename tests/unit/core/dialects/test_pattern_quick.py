"""The quick reader of patterns reads as the thorough one does, or leaves the pattern to it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.bench.matching.shapes import SHAPES, Shape
from tests.support import pattern_draws as draw

from ensue.core.conditions.dialects.eventbridge import PatternReader, parse_pattern
from ensue.core.conditions.dialects.faults import DialectInvalid
from ensue.core.conditions.dialects.pattern_quick import QuickReader
from ensue.core.conditions.dialects.pattern_reader import read_pattern
from ensue.core.json import Json

TEXTS = st.sampled_from(["", "a", "b*", "*", "a**b", "\\*", "a*b", "*a" * 10, "*a" * 11, "10.0.0.0/8"])
NUMBERS = st.sampled_from([0, 1, -1, 2.5, -0.0, 2**53, 2**53 + 1, 10**400, float("inf"), float("nan")])
SCALARS = TEXTS | NUMBERS | st.booleans() | st.none()
OPERANDS = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.just("prefix"), TEXTS, max_size=1)
COMPARISONS = st.lists(st.sampled_from([">", ">=", "<", "<=", "=", 5, "", None]) | NUMBERS, max_size=5)
NAMES = st.sampled_from(
    ["prefix", "suffix", "wildcard", "exists", "anything-but", "numeric", "equals-ignore-case", "cidr", "exactly", "x"]
)
MATCHERS = (
    SCALARS
    | st.dictionaries(NAMES, OPERANDS, max_size=2)
    | st.builds(lambda terms: {"numeric": terms}, COMPARISONS)
    | st.builds(
        lambda sign, bound: {"numeric": [sign, bound]},
        st.sampled_from([">", ">=", "<", "<=", "=", "", 1]),
        SCALARS,
    )
    | st.builds(
        lambda low, terms, high: {"numeric": [terms[0], low, terms[1], high]},
        NUMBERS,
        st.tuples(st.sampled_from([">", ">=", "<"]), st.sampled_from(["<", "<=", ">"])),
        NUMBERS,
    )
)
FIELDS = st.lists(MATCHERS, max_size=3) | st.tuples(MATCHERS) | SCALARS
PATTERNS = st.recursive(
    FIELDS,
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "c", "$or", "numeric"]), inner, max_size=3),
    max_leaves=6,
)


def nested(depth: int) -> dict[str, Any]:
    """A pattern of that many objects one in the other."""
    made: dict[str, Any] = {"a": [1]}
    for _ in range(depth - 1):
        made = {"a": made}
    return made


@given(PATTERNS, PATTERNS)
@example(nested(32), nested(33))
@example({"a": [1] * 500}, {"a": [1] * 501})
@example({"a": [1] * 500, "b": ["a"]}, {"a": [{"cidr": "10.0.0.0/8"}] * 501})
def test_what_the_quick_reader_reads_the_thorough_one_reads_alike(first: Json, second: Json) -> None:
    quick = QuickReader()
    for document in (first, second, first):
        fields = quick.fields(document)
        node, faults = read_pattern(document)
        if fields is not None:
            assert faults == []
            assert repr(fields) == repr(node.fields)  # of equal values, 1 is not True and 0.0 is not -0.0
            assert node.either == ()


@given(PATTERNS)
def test_a_reader_gives_the_pattern_or_every_fault(document: Json) -> None:
    node, faults = read_pattern(document)
    if not faults:
        assert repr(parse_pattern(document)) == repr(node)
        return
    with pytest.raises(DialectInvalid) as caught:
        parse_pattern(document)
    assert list(caught.value.faults) == faults


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_what_people_write_is_read_quickly(shape: Shape) -> None:
    random = Random(1)  # noqa: S311  # draws cases
    reader = QuickReader()
    assert all(reader.fields(shape.pattern(random, index, 500)) for index in range(500))


@pytest.mark.parametrize("seed", range(50))
def test_whatever_has_no_or_is_read_quickly(seed: int) -> None:
    pattern = draw.pattern(Random(seed))  # noqa: S311  # draws cases
    assert (QuickReader().fields(pattern) is None) == ("$or" in pattern)


def test_equal_parts_are_one_object() -> None:
    reader = PatternReader()
    first, second = (reader.read({"type": ["t"], "data": {"k": [key]}}) for key in (1, 2))
    assert first.fields[0] is second.fields[0]
    assert first.fields[1].path is second.fields[1].path
