"""A document is JSON as we store it, or has a fault at every place where it is not."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ensue.wire.faults import DocumentInvalid, Faults
from ensue.wire.sections import MAX_DOCUMENT_DEPTH, refuse_unstorable

GOOD = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(max_size=3) | st.sampled_from(["", "é", "a\x00", "\ud800", "\U0001f600"])
BAD = st.sampled_from([float("nan"), float("inf"), date(2026, 1, 1), b"x", {1, 2}])
VALUES: st.SearchStrategy[Any] = st.recursive(
    GOOD | TEXTS | BAD,
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(TEXTS | st.integers(0, 3), inner, max_size=3)
    ),
    max_leaves=8,
)


def faults_of(value: object) -> list[str]:
    faults = Faults()
    refuse_unstorable(value, faults)
    try:
        faults.raise_any()
    except DocumentInvalid as invalid:
        return [fault.pointer for fault in invalid.faults]
    return []


def is_storable(value: object) -> bool:
    """The same, said by others: the standard library's JSON, in UTF-8, with no U+0000 and with texts as names."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError):
        return False
    return "\\u0000" not in text and _has_texts_as_names(value)


def _has_texts_as_names(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _has_texts_as_names(member) for name, member in value.items())
    return not isinstance(value, (list, tuple)) or all(map(_has_texts_as_names, value))


@given(VALUES)
def test_there_are_faults_exactly_where_a_value_cannot_be_stored(value: object) -> None:
    assert (faults_of(value) == []) == is_storable(value)


def test_every_fault_has_its_place() -> None:
    value = {"a": [1, float("nan"), {"b/c": "\x00"}], "d": date(2026, 1, 1), "e": "fine"}
    assert faults_of(value) == ["/a/1", "/a/2/b~1c", "/d"]


def test_it_may_be_nested_so_deep_and_no_deeper() -> None:
    value: Any = "x"
    for _ in range(MAX_DOCUMENT_DEPTH):
        value = [value]
    assert faults_of(value) == []
    assert len(faults_of([value])) == 1
