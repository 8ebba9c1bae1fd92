"""`ensue match`: all forms of rules and events, in order with --dump, counted without it, faults with their places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.conditions import NOW, conditions, data

from ensue.cli import run
from ensue.core.conditions.match import matches
from ensue.core.conditions.tree import Condition, Test
from ensue.core.json import Json
from ensue.match_command import build
from ensue.testing.clock import FrozenClock
from ensue.wire.rule_files import FileRule, condition_of
from ensue.wire.sample_events import SampleEvent, event_of

RULES = """
name: Generate scenes
project: studio
when: {event: {types: [variant.approved], entity_type: variant}}
where: {field: data.score, op: gte, value: 0.8}
then: {actions: [{kind: log}]}
---
name: Off
enabled: false
when: {event: {types: [variant.approved]}}
then: {actions: [{kind: log}]}
---
{id: any-score, where: {field: data.score, op: exists}}
---
{id: theirs, pattern: {source: [aws.ec2], detail: {state: [{prefix: term}]}}}
---
{id: errs, where: {cel: event.data.gone > 1}}
"""
EVENTS = [
    {"type": "variant.approved", "tenant": "studio", "data": {"score": 0.9}},
    {"type": "variant.approved", "tenant": "others", "data": {"score": 0.9}},
    {"type": "variant.approved", "tenant": "studio", "entitytype": "scene", "data": {"score": 0.9}},
    {"source": "aws.ec2", "detail-type": "x", "detail": {"state": "terminated"}},
    {"type": "other", "data": {"score": 0.1}},
]
FOUND = [["Generate scenes", "any-score"], ["any-score"], ["any-score"], ["theirs"], ["any-score"]]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    return file


def written(tmp_path: Path, name: str) -> Path:
    file = tmp_path / name
    if name.endswith(".jsonl"):
        file.write_text("\n".join(map(json.dumps, EVENTS)) + "\n\n")
    else:
        file.write_text(json.dumps(EVENTS, indent=1))  # which is YAML, too
    return file


@pytest.mark.parametrize("name", ["events.jsonl", "events.json", "events.yaml"])
def test_dump_gives_a_line_for_each_event_in_order(
    tmp_path: Path, rules: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    events = written(tmp_path, name)
    assert run(["match", "--rules", str(rules), "--events", str(events), "--dump"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"index": index, "ids": ids} for index, ids in enumerate(FOUND)]


def test_without_dump_it_counts(tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["match", "--rules", str(rules), "--events", str(written(tmp_path, "events.jsonl"))]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {name: report.pop(name) for name in ("rules", "events", "matches", "unindexed")} == {
        "rules": 5,
        "events": 5,
        "matches": 6,
        "unindexed": 2,
    }
    assert report.keys() == {"build_seconds", "events_per_second", "rss_mb"}
    assert all(value > 0 for value in report.values())


def test_rules_may_be_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules, events = tmp_path / "rules.txt", tmp_path / "events.jsonl"
    rules.write_text('{"id": "a", "pattern": {"n": [1]}}\n{"id": 2, "pattern": {"n": [2]}}\n')
    events.write_text('{"n": 2}\n')
    assert run(["match", "--rules", str(rules), "--events", str(events), "--dump"]) == 0
    assert json.loads(capsys.readouterr().out) == {"index": 0, "ids": ["2"]}


def test_everything_wrong_in_both_files_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules, events = tmp_path / "rules.yaml", tmp_path / "events.jsonl"
    rules.write_text(
        "{id: a, pattern: {n: 1}}\n---\n{id: a, where: {field: data.x, op: equals, value: 1}}\n---\n"
        "{id: b, where: {field: type, op: exists}}\n---\n{id: b, where: {field: type, op: exists}}\n---\n5\n"
    )
    events.write_text('{"n": 2}\n{"n": \n')
    assert run(["match", "--rules", str(rules), "--events", str(events)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" (expected")[0] for line in lines] == [
        f"{rules}:1:22: /pattern/n must be an object or an array",
        f'{rules}:3:36: /where/op is not a known operator; did you mean "eq"?',
        f"{rules}:7:6: /id stands twice: b",
        f"{rules}:9:1: the file is not a rule",
        f"{events}:2:7: the file is not JSON: Input data was truncated",
    ]


def test_files_that_are_not_there_are_wrong_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["match", "--rules", str(tmp_path / "a"), "--events", str(tmp_path / "b")]) == 2
    assert capsys.readouterr().err.count("cannot be read: No such file or directory") == 2


@pytest.mark.parametrize("value", [2**53 + 1, [2**53 + 1], 10**26, {"y": 1}, [{"y": 1}, 10**400]])
def test_ranges_without_an_end_find_integers_of_any_size(value: Json) -> None:
    document: Json = {"type": "a", "data": {"x": value}}
    tests = {f"{sign} {bound}": Test(("data", "x"), sign, bound) for sign in ("gt", "lt") for bound in (5, -5, 2**53)}
    rules = [FileRule(name, test) for name, test in tests.items()]
    found = build(rules, FrozenClock(NOW)).find(SampleEvent(json.dumps(document).encode()))
    assert sorted(found) == sorted(name for name, test in tests.items() if matches(test, event_of(document), NOW))
    assert not isinstance(value, int) or sorted(found) == ["gt -5", "gt 5", f"gt {2**53}"]


@given(conditions=st.lists(conditions(), min_size=1, max_size=6), one=data(), kind=st.sampled_from(["a", "ab", "x"]))
def test_the_index_finds_what_a_scan_finds(conditions: list[Condition], one: Json, kind: str) -> None:
    document = {"type": kind, "data": one}
    rules = [FileRule(str(index), condition) for index, condition in enumerate(conditions)]
    sample = SampleEvent(json.dumps(document).encode())
    found = build(rules, FrozenClock(NOW)).find(sample)
    scanned = [rule.rule_id for rule in rules if matches(condition_of(rule), event_of(document), NOW)]
    assert sorted(found) == sorted(scanned)
