"""Documents of any size, depth or nonsense are read or refused with a place, and harm nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.trigger_documents import MINIMAL, PARAMS, changed, faults_of, parsed

from ensue.wire.documents import parse_trigger
from ensue.wire.faults import MAX_FAULTS, DocumentInvalid


def _nested(levels: int, wrap: Callable[[Any], Any]) -> Any:  # noqa: ANN401  # any JSON
    condition: Any = {"field": "type", "op": "exists"}
    for _ in range(levels - 1):
        condition = wrap(condition)
    return condition


def test_conditions_may_be_32_levels_deep_and_no_deeper() -> None:
    parsed({**MINIMAL, "where": _nested(32, lambda inner: {"not": inner})})
    (fault,) = faults_of({**MINIMAL, "where": _nested(33, lambda inner: {"not": inner})})
    assert (fault.pointer, fault.message) == ("/where" + "/not" * 32, "is nested too deep")


@pytest.mark.parametrize("levels", [200, 100_000])
def test_a_document_of_any_depth_is_refused_and_harms_nothing(levels: int) -> None:
    (fault,) = faults_of({**MINIMAL, "where": _nested(levels, lambda inner: {"not": inner})})
    assert fault.message == "is nested too deep"


def test_a_condition_may_have_500_tests_and_no_more() -> None:
    test = {"field": "type", "op": "exists"}
    parsed({**MINIMAL, "where": {"all": [test] * 500}})
    (fault,) = faults_of({**MINIMAL, "where": {"all": [test] * 501}})
    assert fault.pointer == "/where/all/500"


def test_a_hundred_faults_are_enough() -> None:
    assert len(faults_of({**MINIMAL, **{f"x{n}": n for n in range(1000)}})) == MAX_FAULTS


GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=8,
)
PATHS: list[tuple[str | int, ...]] = [
    ("name",), ("when",), ("when", "event", "types"), ("where",), ("where", "all"), ("where", "all", 0),
    ("where", "all", 0, "field"), ("where", "all", 0, "op"), ("where", "all", 0, "value"), ("then",),
    ("then", "actions"), ("then", "actions", 0), ("then", "actions", 0, "kind"), ("then", "actions", 0, "headers"),
    ("then", "actions", 0, "retry"), ("then", "actions", 0, "timeout"), ("delay",), ("brakes",), ("unknown",),
]  # fmt: skip


@given(st.sampled_from(PATHS), GARBAGE)
def test_garbage_anywhere_is_read_or_has_faults_with_a_place(path: tuple[str | int, ...], value: object) -> None:
    document = changed(*path, to=value)
    for params in (PARAMS, None):
        try:
            parse_trigger(document, action_params=params)
        except DocumentInvalid as invalid:
            wrong = [fault for fault in invalid.faults if not fault.pointer.startswith(("/", ""))]
            assert not wrong  # either outcome is right; which one is not known beforehand
