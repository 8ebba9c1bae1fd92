"""Conditions in documents: garbage anywhere ends in faults with a place, never in anything else."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support.condition_strategies import CONDITIONS, COVERED, FIELDS
from tests.support.condition_table import CONTEXT, NOW, event_of

from ensue.core.conditions.english import english
from ensue.core.conditions.match import compile_condition
from ensue.core.conditions.needed import needed
from ensue.core.conditions.sql import where
from ensue.wire.conditions import parse_condition, print_condition
from ensue.wire.faults import Faults

NASTY = st.sampled_from([
    "\ud800", "\x00", "*" * 600, "(" * 600, "a\\", "now", "2026-13-01T00:00:00Z", "1h", "10.0.0.0/8", "/", "Europe",
])  # fmt: skip
MEMBERS = st.sampled_from(["field", "op", "value", "all", "not", "zone", "days", "name", "from"])
GARBAGE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | NASTY | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=3),
    max_leaves=6,
)
ALMOST = st.fixed_dictionaries(
    {"op": st.sampled_from(sorted(COVERED)) | GARBAGE},
    optional={
        "field": FIELDS | st.text() | NASTY | GARBAGE,
        "value": GARBAGE,
        "value_of": FIELDS | GARBAGE,
        "quantifier": st.sampled_from(["any", "every", "none"]) | GARBAGE,
    },
)
LEAVES = st.fixed_dictionaries({"pattern": GARBAGE}) | st.fixed_dictionaries({"cel": GARBAGE})


@given(ALMOST | GARBAGE | LEAVES | st.fixed_dictionaries({"all": st.lists(ALMOST | CONDITIONS, max_size=3)}))
def test_garbage_is_read_or_has_faults_with_a_place(document: object) -> None:
    faults = Faults()
    condition = parse_condition(document, "/where", faults, CONTEXT)
    if len(faults):
        return
    again = parse_condition(print_condition(condition), "/where", faults, CONTEXT)
    assert again == condition or document != document  # NaN differs from itself
    compile_condition(condition, CONTEXT)(event_of({"data": {"a": 1}}), NOW)
    needed(condition)
    assert english(condition)
    where(condition, context=CONTEXT)
