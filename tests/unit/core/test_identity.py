"""Ids and lineage: the same fact has the same id, another fact another, and depth only grows."""

from __future__ import annotations

import copy
import pickle
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import an_event

from ensue.core import ids
from ensue.core.errors import InvalidValue
from ensue.core.lineage import Lineage, may_fire

PARTS = st.lists(st.text(max_size=4), min_size=1, max_size=4)
SOME_ID = UUID("018f4e1e-0000-7000-8000-000000000001")
GOLDEN_IDS = [
    "e38f2630-8a1f-57f9-8fe2-8965ea3f0888",
    "0f9048a5-89cf-5cc4-978e-adf0f6af69fc",
    "1a8bddc0-0b84-59af-97e5-9c7ec04e22e7",
    "54fecf23-b28f-5740-93d1-a2e0ad2abace",
    "0b2fd373-ea40-511e-8463-5b35e7b056b0",
    "1adfa4d0-892b-528d-a29e-e367ee180d5e",
]


@given(PARTS, PARTS)
def test_other_parts_give_another_id(one: list[str], other: list[str]) -> None:
    assert (ids.derive(*one) == ids.derive(*other)) is (one == other)


def test_ids_never_change_between_versions() -> None:
    trigger, cause = UUID(int=1, version=4), UUID(int=2, version=4)
    assert [str(i) for i in (
        ids.event_uid("studio", "/studio", "1"),
        ids.firing_id("studio", trigger, cause, 0),
        ids.action_id(SOME_ID, "actions.0"),
        ids.outcome_record_id(SOME_ID),
        ids.receipt_record_id("evaluator", "ensue.events", 0, 5, 9),
        ids.dead_record_id("ensue.events", 0, 5),
    )] == GOLDEN_IDS  # fmt: skip


@given(st.text(max_size=20), st.text(max_size=20))
def test_an_id_is_a_version_5_uuid_of_length_prefixed_parts(one: str, other: str) -> None:
    expected = uuid5(ids.ENSUE_NAMESPACE, f"4:kind{len(one)}:{one}{len(other)}:{other}")
    assert ids.derive("kind", one, other) == expected


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_an_event_s_id_is_what_uuid_makes_of_it(tenant: str, source: str, event_id: str) -> None:
    assert ids.event_uid(tenant, source, event_id) == ids.derive("event", tenant, source, event_id)


@given(st.text(max_size=20), st.uuids(), st.uuids(), st.integers(0, 2**40))
def test_a_firing_s_id_is_what_the_standard_library_makes_of_it(
    tenant: str, trigger: UUID, cause: UUID, no: int
) -> None:
    name = f"6:firing{len(tenant)}:{tenant}36:{trigger}36:{cause}{len(str(no))}:{no}"
    expected, made = uuid5(ids.ENSUE_NAMESPACE, name), ids.firing_id(tenant, trigger, cause, no)
    assert (made, str(made), hash(made), repr(made)) == (expected, str(expected), hash(expected), repr(expected))
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == expected  # noqa: S301 - our own bytes


@pytest.mark.requirement("R4.4")
def test_a_firing_s_id_takes_tenant_trigger_cause_and_replay_and_no_revision() -> None:
    trigger, cause = UUID(int=1, version=4), UUID(int=2, version=4)
    known = ids.firing_id("studio", trigger, cause, 0)
    assert known == ids.derive("firing", "studio", str(trigger), str(cause), "0")
    others = {
        ids.firing_id("other", trigger, cause, 0),
        ids.firing_id("studio", cause, cause, 0),
        ids.firing_id("studio", trigger, trigger, 0),
        ids.firing_id("studio", trigger, cause, 1),
    }
    assert len(others | {known}) == 5


def test_what_goes_out_of_an_action_is_one_deeper() -> None:
    root = an_event().lineage
    after = root.after(SOME_ID)
    assert after == Lineage(root.correlation_id, SOME_ID, 1)
    assert after.after(SOME_ID).depth == 2


def test_a_negative_depth_cannot_be_made() -> None:
    with pytest.raises(InvalidValue, match="depth must be 0 or more, not -1"):
        Lineage(SOME_ID, None, -1)


@pytest.mark.parametrize(("depth", "fires"), [(0, True), (9, True), (10, False), (11, False)])
def test_depth_must_be_below_the_limit(depth: int, *, fires: bool) -> None:
    assert may_fire(depth, 10) is fires
