"""Whatever a file holds, the tools end in named errors: random bytes, and right files with something done to them."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ensue.actions.registry import PARAMS
from ensue.commands import Beside, check_content, lines_of
from ensue.match_command import build
from ensue.testing.clock import FrozenClock
from ensue.testing.match import ANY_DAY
from ensue.wire.explained import explain_rule, to_json, to_lines
from ensue.wire.oddities import Samples
from ensue.wire.rule_files import RulesInvalid, read_rules
from ensue.wire.sample_events import EventsInvalid, SampleEvent, event_of, read_events

EXAMPLES = max(1, int(os.environ.get("ENSUE_FUZZ_EXAMPLES", "150")))  # a longer run by hand says how many

TRIGGERS = """\
name: Generate scenes
project: studio
when: {event: {types: [variant.approved], entity_type: variant}}
where:
  all:
    - {field: data.score, op: gte, value: 0.8}
    - any: [{field: data.tags, op: contains, value: rush}, {field: data.id, op: in, value: [1, 0x2, "3"]}]
    - not: {field: subject, op: starts_with, value: test-}
    - {field: length(data.tags), op: between, value: [1, 9], quantifier: every}
    - {cel: "event.data.n > 1"}
    - {pattern: {source: [{prefix: urn}], data: {n: [{numeric: [">", 1]}], k: [{wildcard: "a*b"}, null]}}}
    - {field: data.at, op: within_last, value: 1h30m}
    - {field: now, op: weekday, value: {days: [mon, sat], zone: Europe/Berlin}}
    - {field: data.name, op: regex, value: "^a.*"}
    - {field: data.a, op: gt, value_of: data.b}
    - {field: data.state, op: changed_to, value: on}
then: {mode: sequential, actions: [{kind: emit_event, type: a.b, data: {x: "{{ event.data.x }}"}}, {kind: log}]}
delay: 5m
brakes: {max_chain_depth: 3}
---
- {id: a, where: {all: [&x {field: data.a, op: eq, value: 1}, {not: {not: *x}}]}}
- {id: b, pattern: {n: [1]}}
"""
JSON = json.dumps(
    [
        {"id": "p", "pattern": {"n": [1, {"anything-but": ["a"]}], "$or": [{"a": [True]}, {"b": [{"exists": True}]}]}},
        {"id": 7, "where": {"any": [{"field": "data.a", "op": "eq", "value": "\u00fc"}, {"not": {"cel": "true"}}]}},
        {"name": "x", "when": {"event": {"types": ["a"]}}, "then": {"actions": [{"kind": "log"}]}},
    ],
    indent=1,
)  # fmt: skip
LINES = "".join(json.dumps(each) + "\n" for each in json.loads(JSON))
EVENTS = (
    '{"type": "a", "source": "urn:a", "time": "2026-01-01T09:00:00Z", "data": {"n": 3, "tags": ["rush"], "at": null}}\n'
    '{"type": "variant.approved", "tenant": "studio", "n": 1, "data": {"score": 0.9, "before": {}, "after": {}}}\n'
)
PIECES = st.sampled_from([
    b"", b" ", b"\n", b"\t", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"{", b"}", b"[", b"]", b",", b":", b"- ", b"'",
    b'"', b"&a ", b"*a", b"*x", b"!x ", b"!!set ", b"<<: ", b"? ", b"| ", b"> ", b"# ", b"---\n", b"...\n",
    b"%YAML 1.1\n", b"null", b"true", b"yes", b"NaN", b".nan", b".inf", b"1e999", b"9" * 400, b"9" * 5000,
    b"0x" + b"f" * 5000,
    b"2026-01-01", b"\\u0000", b"\\ud800", b"\\", b"\xe2\x80\xa8", b"\xc2\x85", b"[" * 70, b"{a: " * 70, b"eq",
    b"regex", b"data.", b"value_of", b"(?=", b"$or",
])  # fmt: skip
NAMES = st.sampled_from(["x.yaml", "x.json", "x.jsonl", "x"])
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES | st.binary(max_size=3), st.booleans()), max_size=6
)


def edited(text: bytes, edits: list[tuple[float, int, bytes, bool]]) -> bytes:
    """The text with pieces taken out and others put in, or with a part of it repeated."""
    for where, length, piece, again in edits:
        at = int(where * len(text))
        text = text[:at] + (text[at : at + length] * 2 if again else piece) + text[at + length :]
    return text


def a_file(*right: str) -> st.SearchStrategy[bytes]:
    """Bytes at random, or one of these after some edits."""
    return st.binary(max_size=60) | st.builds(edited, st.sampled_from([text.encode() for text in right]), EDITS)


RULES = a_file(TRIGGERS, JSON, LINES)
SETTINGS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_without_an_edit_the_files_are_right() -> None:
    assert [len(read_rules(Path("x"), text.encode(), PARAMS)) for text in (TRIGGERS, JSON, LINES)] == [3, 3, 3]
    assert len(read_events(Path("e"), EVENTS.encode())) == 2


@SETTINGS
@given(RULES, NAMES)
def test_any_file_is_checked(content: bytes, name: str) -> None:
    samples = Samples([event_of(sample.document) for sample in read_events(Path("e"), EVENTS.encode())], ANY_DAY)
    report = check_content(Path(name), content, Beside(samples=samples))
    assert report.triggers or report.faults
    assert all(line.isprintable() for line in lines_of(report))
    assert json.loads(json.dumps(asdict(report)))


@SETTINGS
@given(RULES, NAMES)
def test_any_rules_are_read_matched_and_explained(content: bytes, name: str) -> None:
    with suppress(RulesInvalid):
        rules = read_rules(Path(name), content, PARAMS)
        matcher = build(rules, FrozenClock(ANY_DAY))
        for sample in read_events(Path("e"), EVENTS.encode()):
            found = matcher.find(sample)
            for rule in rules:
                told = explain_rule(rule, event_of(sample.document), ANY_DAY)
                assert all(line.isprintable() for line in to_lines(told))
                assert json.dumps(to_json(told))
            assert set(found) <= {rule.rule_id for rule in rules}


@SETTINGS
@given(a_file(EVENTS, f"[{','.join(EVENTS.splitlines())}]"), NAMES, st.booleans())
def test_any_events_are_read(content: bytes, name: str, attributes: bool) -> None:  # noqa: FBT001  # drawn
    with suppress(EventsInvalid):
        for sample in read_events(Path(name), content, attributes=attributes):
            assert isinstance(sample, SampleEvent)
            assert isinstance(sample.document, dict)
            if attributes:
                assert event_of(sample.document).tenant
