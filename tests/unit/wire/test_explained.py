"""Explanations agree with the decision: a trigger is said to match just where `decide` lets it fire."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.conditions import NOW, conditions, event, events

from ensue.core.conditions.tree import ALWAYS, All, Cel, Condition, Not, Test
from ensue.core.decide import decide
from ensue.core.event import Event
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.core.ruleset import Ruleset
from ensue.core.trigger import ActionSpec, Brakes, EventWhen, Then, Trigger
from ensue.wire.explained import MAX_ACTUAL, explain_trigger, to_json

MINE, OTHER = UUID(int=7), UUID(int=8)


def trigger(where: Condition = ALWAYS, /, **changes: object) -> Trigger:
    """In force since NOW, for events of type a.b."""
    least = Trigger(
        trigger_id=MINE,
        tenant="default",
        revision=1,
        name="t",
        when=EventWhen(("a.b",)),
        then=Then((ActionSpec("actions.0", "log", {}),)),
        active_since=NOW,
        where=where,
    )
    return replace(least, **changes)  # type: ignore[arg-type]  # each test gives fields of it


def heard(one: Event | None = None, /, **changes: object) -> Event:
    return replace(one or event({"n": 1}), **{"type": "a.b", "entity_type": "a", **changes})  # type: ignore[arg-type]  # as above


def fires(one: Trigger, about: Event) -> bool:
    return bool(decide(Ruleset.empty().apply([one]), about, NOW).firings)


KEPT_OUT: dict[str, tuple[Trigger, Event]] = {
    "project": (trigger(tenant="acme"), heard()),
    "type": (trigger(when=EventWhen(("a.c",))), heard()),
    "entity_type": (trigger(when=EventWhen(("a.b",), "job")), heard()),
    "enabled": (trigger(enabled=False), heard()),
    "active_since": (trigger(active_since=NOW + timedelta(milliseconds=1)), heard()),
    "targets": (trigger(), heard(targets=(OTHER,))),
    "depth": (trigger(brakes=Brakes(3)), heard(lineage=Lineage(OTHER, None, 3))),
}


@pytest.mark.parametrize(("name", "case"), KEPT_OUT.items(), ids=KEPT_OUT)
def test_what_keeps_a_trigger_out_is_named(name: str, case: tuple[Trigger, Event]) -> None:
    explained = explain_trigger(*case, NOW)
    assert [check.name for check in explained.checks if not check.passed] == [name]
    assert explained.reasons == (next(check.message for check in explained.checks if check.name == name),)
    assert explained.where.verdict
    assert not explained.matches
    assert not fires(*case)


def test_it_listens_from_a_whole_millisecond() -> None:
    early = trigger(active_since=NOW + timedelta(microseconds=999))
    assert fires(early, heard())
    assert explain_trigger(early, heard(), NOW).matches


def test_a_trigger_that_takes_part_passes_every_check() -> None:
    explained = explain_trigger(trigger(), heard(), NOW)
    assert explained.matches
    assert [check.name for check in explained.checks if check.passed] == list(KEPT_OUT)
    shown = to_json(explained)
    assert shown["checks"] == [{"check": name, "passed": True, "message": None} for name in KEPT_OUT]


@given(
    where=st.just(ALWAYS) | conditions(),
    one=events(),
    enabled=st.sampled_from([True, True, False]),
    late=st.sampled_from([timedelta(0), timedelta(microseconds=900), timedelta(milliseconds=1)]),
    depth=st.integers(0, 4),
    targets=st.sampled_from([(), (), (MINE,), (OTHER,)]),
    kind=st.sampled_from(["a.b", "a.b", "a.c"]),
)
def test_it_is_said_to_match_just_where_it_fires(
    where: Condition,
    one: Event,
    enabled: bool,  # noqa: FBT001 - drawn
    late: timedelta,
    depth: int,
    targets: tuple[UUID, ...],
    kind: str,
) -> None:
    standing = trigger(where, enabled=enabled, active_since=NOW + late, brakes=Brakes(3))
    about = heard(one, type=kind, targets=targets, lineage=Lineage(OTHER, None, depth))
    assert explain_trigger(standing, about, NOW).matches is fires(standing, about)


@pytest.mark.parametrize("where", [Cel("event.data.gone > 1"), Not(Cel("event.data.gone > 1"))], ids=str)
def test_a_condition_without_a_verdict_matches_nothing(where: Condition) -> None:
    explained = explain_trigger(trigger(where), heard(), NOW)
    assert not explained.matches
    assert not fires(trigger(where), heard())
    assert any(reason.startswith("its condition has no verdict") for reason in explained.reasons)


def test_a_name_that_nobody_knows_is_a_reason() -> None:
    where = All((Test(("now",), "calendar", {"name": "gone", "zone": "UTC"}),))
    explained = explain_trigger(trigger(where), heard(), NOW)
    assert not explained.matches
    assert explained.where.note is not None


LARGE: dict[str, Json] = {
    "text": "x" * 1000,
    "array": [[["y"] * 10] * 10] * 10,
    "object": {f"name {number}": None for number in range(1000)},
    "wide": [0] * 100_000,
}


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)
def test_a_large_value_is_shown_by_its_beginning_or_its_size(value: Json) -> None:
    where = Test(("data", "n"), "eq", ["nothing like it"])
    shown = to_json(explain_trigger(trigger(where), heard(event({"n": value})), NOW))["where"]
    assert isinstance(shown, dict)
    (actual,) = shown["actual"]
    assert isinstance(actual, str)
    assert len(actual) <= MAX_ACTUAL + 3
    assert shown["shortened"] is True


def test_a_small_value_is_shown_as_it_is() -> None:
    where = Test(("data", "n"), "eq", ["nothing like it"])
    shown = to_json(explain_trigger(trigger(where), heard(event({"n": {"a": [1, "x"]}})), NOW))["where"]
    assert isinstance(shown, dict)
    assert shown["actual"] == [{"a": [1, "x"]}]
    assert "shortened" not in shown
