"""What a stack says of itself, and the small decisions that are made from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue_devstack.child import BackOff
from ensue_devstack.layout import Layout
from ensue_devstack.program import Kind
from ensue_devstack.starting import describe
from ensue_devstack.state import (
    Condition,
    Extent,
    Phase,
    ProcessState,
    StackState,
    read_state,
    want,
    wanted_extent,
    write_state,
)


def process(name: str, condition: Condition, reason: str | None = None) -> ProcessState:
    return ProcessState(name=name, kind=Kind.SERVICE, condition=condition, reason=reason)


def stack(phase: Phase, *processes: ProcessState, step: str = "") -> StackState:
    return StackState(
        phase=phase,
        supervisor_pid=1,
        supervisor_started_at=2.5,
        extent=Extent.SERVICES,
        processes=processes,
        step=step,
    )


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout.of(tmp_path)
    layout.make()
    return layout


def test_what_was_written_is_read(layout: Layout) -> None:
    assert read_state(layout) is None
    state = stack(Phase.READY, process("audit", Condition.BACKING_OFF, "ended: code 1"))
    write_state(layout, state)
    assert read_state(layout) == state
    layout.state.write_text("half of")
    assert read_state(layout) is None


def test_a_stack_is_ready_when_each_process_is_ready_now() -> None:
    ready, waiting = process("a", Condition.READY), process("b", Condition.NOT_READY, "kafka: away")
    assert stack(Phase.READY, ready).is_ready
    assert not stack(Phase.READY, ready, waiting).is_ready
    assert not stack(Phase.STARTING, ready).is_ready


def test_each_extent_contains_the_ones_before_it() -> None:
    assert Extent.SERVICES.contains(Extent.PREPARED)
    assert Extent.PREPARED.contains(Extent.PREPARED)
    assert not Extent.SERVERS.contains(Extent.PREPARED)


def test_what_is_wanted_is_read_again_and_everything_if_nobody_said(layout: Layout) -> None:
    assert wanted_extent(layout) is Extent.SERVICES
    for extent in Extent:
        want(layout, extent)
        assert wanted_extent(layout) is extent


def test_the_description_names_the_step_and_who_is_waited_for_and_why() -> None:
    state = stack(
        Phase.STARTING,
        process("kafka", Condition.READY),
        process("evaluator", Condition.STARTING, "kafka: no partition\nand more"),
        process("audit", Condition.WAITING),
        step="starting the services",
    )
    assert describe(state) == "starting the services: evaluator (kafka: no partition), audit"
    assert describe(stack(Phase.READY)) == "ready"


@given(st.integers(1, 10_000), st.floats(0.01, 5), st.floats(5, 60))
def test_the_back_off_begins_small_never_shrinks_and_is_bounded(failures: int, initial: float, maximum: float) -> None:
    policy = BackOff(initial_seconds=initial, maximum_seconds=maximum)
    assert policy.delay(1) == initial
    assert initial <= policy.delay(failures) <= policy.delay(failures + 1) <= maximum
