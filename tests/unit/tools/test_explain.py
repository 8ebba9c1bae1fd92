"""`ensue explain` and `ensue.testing.match`: every test with its verdict and actual value, and the nearest miss."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ensue.cli import run
from ensue.core.json import Json
from ensue.testing.match import assert_fires, assert_quiet, explain_match, fires, load_triggers

TRIGGER = """
name: Generate scenes
when: {event: {types: [variant.approved]}}
where:
  all:
    - {field: data.project_id, op: eq, value: 7}
    - any: [{field: data.score, op: gte, value: 0.8}, {field: data.tags, op: contains, value: rush}]
    - not: {field: subject, op: starts_with, value: test-}
then: {actions: [{kind: log}]}
"""
NEAR: dict[str, Json] = {
    "type": "variant.approved",
    "subject": "v-1",
    "data": {"project_id": 7, "score": 0.79, "tags": ["slow"]},
}
HIGH: dict[str, Json] = {**NEAR, "data": {"project_id": 7, "score": 0.8}}


@pytest.fixture
def trigger(tmp_path: Path) -> Path:
    file = tmp_path / "trigger.yaml"
    file.write_text(TRIGGER)
    return file


def explained(trigger: Path, event: object, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    file = trigger.with_name("event.json")
    file.write_text(json.dumps(event))
    code = run(["explain", "--trigger", str(trigger), "--event", str(file), *options])
    return code, capsys.readouterr().out


def test_a_near_miss_is_a_tree_with_actual_values(trigger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = explained(trigger, NEAR, capsys)
    assert code == 1
    assert out.splitlines() == [
        "Generate scenes: does not match",
        "└── ✗ all of",
        "    ├── ✓ project_id is 7; actual 7",
        "    ├── ✗ any of",
        "    │   ├── ✗ score is at least 0.8; actual 0.79",
        '    │   └── ✗ tags contains "rush"; actual ["slow"]',
        "    └── ✓ not",
        '        └── ✗ subject begins with "test-"; actual "v-1"',
        "nearest miss: score is at least 0.8 (was 0.79)",
    ]


def test_a_match_exits_0_and_json_has_it_all(trigger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = explained(trigger, HIGH, capsys, "--json")
    (answer,) = json.loads(out)
    assert (code, answer["matches"], answer["nearest_miss"]) == (0, True, [])
    (first, *_) = answer["where"]["members"]
    assert {name: first[name] for name in ("field", "operator", "wanted", "actual", "verdict", "decided")} == {
        "field": "data.project_id",
        "operator": "eq",
        "wanted": 7,
        "actual": [7],
        "verdict": True,
        "decided": True,
    }


def test_an_event_of_another_type_is_said_to_be(trigger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = explained(trigger, {**HIGH, "type": "variant.made"}, capsys)
    assert code == 1
    assert "✗ the event's type is variant.made, the trigger listens to variant.approved" in out


def test_triggers_are_tested_in_ones_own_suite(trigger: Path) -> None:
    scenes = load_triggers(trigger)["Generate scenes"]
    assert_fires(scenes, HIGH)
    assert_quiet(scenes, NEAR)
    with pytest.raises(AssertionError, match=r"no: score is at least 0\.8; actual 0\.79[\s\S]*nearest miss"):
        assert_fires(scenes, NEAR)
    with pytest.raises(AssertionError, match=r"yes: score is at least 0\.8; actual 0\.8"):
        assert_quiet(scenes, HIGH)


def test_documents_are_taken_as_they_are() -> None:
    weekend = {"where": {"field": "now", "op": "weekday", "value": ["saturday", "sunday"]}}
    assert fires(weekend, {"time": "2026-11-21T12:00:00Z"})
    assert not fires(weekend, {"time": "2026-11-20T12:00:00Z"})
    explanation = explain_match({"id": "p", "pattern": {"data": {"n": [1]}}}, {"data": {"n": 2}})
    assert [test.actual for test in explanation.where.members] == [(2,)]


def test_a_bare_pattern_is_explained_over_the_event_as_it_is_written_as_match_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = tmp_path / "rule.json"
    rule.write_text(json.dumps({"id": "theirs", "pattern": {"detail-type": ["state"], "detail": {"x": [1]}}}))
    theirs: dict[str, Json] = {"detail-type": "state", "source": "aws.ec2", "detail": {"x": 1}}
    code, told = explained(rule, theirs, capsys)
    assert (code, "theirs: matches" in told) == (0, True)
    code, told = explained(rule, {**theirs, "detail": {"x": 2}}, capsys)
    assert code == 1
    assert "✗ detail.x matches [1]; actual 2" in told
