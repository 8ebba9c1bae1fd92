"""`ensue check` on conditions: ten mistakes are ten faults, what can never match is one, what is odd is a warning."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensue.cli import run
from ensue.core.json import Json
from ensue.wire.document_files import read_documents
from ensue.wire.documents import parse_trigger
from ensue.wire.faults import DocumentInvalid
from ensue.wire.oddities import Known, faults_of, warnings_of
from ensue.wire.source_document import FileInvalid

MISTAKES = """\
name: Ten mistakes
when:
  event: {types: [variant.approved]}
where:
  all:
    - {field: data.score, op: equals, value: 1}
    - {field: dta.score, op: gt, value: 1}
    - {field: score, op: gt, value: 1}
    - {field: data.score, op: gt, value: [1]}
    - {field: data.score, op: between, value: [9, 1]}
    - {field: data.name, op: regex, value: "a(?=b)"}
    - {field: data.name, op: wildcard, value: "a**b"}
    - {field: data.a, op: exists, vlaue: true}
    - {cel: "'text'"}
    - {pattern: {data: {state: [{prefx: a}]}}}
then: {actions: [{kind: log}]}
"""
TRIGGER = "name: {name}\nwhen: {{event: {{types: [{types}]}}}}\nwhere: {where}\nthen: {{actions: [{{kind: log}}]}}\n"


def trigger(where: str, name: str = "x", types: str = "a.b") -> str:
    return TRIGGER.format(name=name, types=types, where=where)


def checked(tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[str]]:
    file = tmp_path / "t.yaml"
    file.write_text(content)
    code = run(["check", str(file), *options])
    return code, [line.removeprefix(f"{file}:") for line in capsys.readouterr().out.splitlines()]


def test_ten_different_mistakes_are_ten_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = checked(tmp_path, MISTAKES, capsys)
    assert code == 2
    assert [int(line.split(":")[0]) for line in lines[:-1]] == [*range(6, 16)]
    assert lines[-1] == "1 file, 1 trigger, 10 faults"
    said = "\n".join(lines)
    assert '6:31: /where/all/0/op is not a known operator; did you mean "eq"?' in said
    assert '7:15: /where/all/1/field is not a field; did you mean "data.score"?' in said
    assert '8:15: /where/all/2/field is not a field; did you mean "source" or "data.score"?' in said
    assert '/where/all/7/vlaue is not a known field; did you mean "value"?' in said
    assert '15:41: /where/all/9/pattern/data/state/0/prefx is an unknown matcher; did you mean "prefix"?' in said


def test_what_can_never_match_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = "{all: [{field: type, op: eq, value: a.b}, {field: type, op: starts_with, value: b}]}"
    code, lines = checked(tmp_path, trigger(where), capsys)
    assert code == 2
    assert lines[0] == "3:8: /where can never be true: its tests exclude each other"


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (
            "{all: [{field: data.n, op: gt, value: 5}, {field: type, op: eq, value: b}]}",
            "3:50: /where/all/1 can never be true: the trigger listens to no such event",
        ),
        ("{cel: 'false'}", "3:8: /where can never be true"),
        ("{not: {cel: '1 < 2'}}", "3:8: /where can never be true"),
    ],
)
def test_what_no_event_that_it_listens_to_fulfils_is_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], where: str, said: str
) -> None:
    code, lines = checked(tmp_path, trigger(where), capsys)
    assert (code, lines[0]) == (2, said)


def test_the_entity_type_that_a_trigger_names_is_known_of_its_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = trigger("{field: entity_type, op: eq, value: scene}")
    assert checked(tmp_path, content, capsys)[0] == 0
    code, lines = checked(tmp_path, content.replace("types: [a.b]", "types: [a.b], entity_type: variant"), capsys)
    assert (code, lines[0]) == (2, "3:8: /where can never be true: the trigger listens to no such event")


def test_what_is_odd_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    high, higher = "{field: data.n, op: gt, value: 5}", "{field: data.n, op: gt, value: 7}"
    both = f"{{all: [{high}, {{field: data.n, op: lt, value: 3}}]}}"
    content = "---\n".join(
        [
            trigger(f"{{any: [{high}, {higher}]}}", "One"),
            trigger(higher, "Two"),
            trigger(high, "Three"),
            trigger(both, "Four", "c.d"),
            trigger("{field: data.n, op: neq, value: 5}", "Five", "e.f"),
        ]
    )
    code, lines = checked(tmp_path, content, capsys)
    assert code == 0
    file = tmp_path / "t.yaml"
    assert lines == [
        "3:50: warning: /where/any/1 adds nothing: wherever it is true, branch 0 is too",
        f"8:8: warning: /where is true only where that of {file}: One is too",
        f"13:8: warning: /where is true for the same events as that of {file}: One",
        "18:8: warning: /where is true only where a field holds an array with several values;"
        " for single values its tests exclude each other",
        "23:8: warning: /where is asked about every event of its type: neq names no values that can be looked up",
        "1 file, 5 triggers, 0 faults, 5 warnings",
    ]


def test_a_trigger_that_takes_every_event_of_its_type_is_not_told_to_cover_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = "---\n".join(
        [
            trigger("{}", "Every event"),
            trigger(
                "{any: [{field: data.n, op: exists, value: true}, {field: data.n, op: exists, value: false}]}", "Both"
            ),
            trigger("{field: data.n, op: gt, value: 5}", "Some"),
        ]
    )
    code, lines = checked(tmp_path, content, capsys)
    assert code == 0
    assert not [line for line in lines if "that of" in line]
    assert lines[0] == "8:8: warning: /where is true for every event"


def test_sample_events_tell_how_often_it_fires(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text("".join(json.dumps({"type": "a.b", "data": {"n": n}}) + "\n" for n in range(9)) + "{}\n")
    code, lines = checked(tmp_path, trigger("{field: data.n, op: gt, value: 5}"), capsys, "--events", str(events))
    assert code == 0
    assert lines[0] == "1:1: the trigger fires for 3 of 10 sample events, 9 of which it listens to"
    assert run(["check", str(tmp_path / "t.yaml"), "--events", str(tmp_path / "none")]) == 2


@pytest.mark.parametrize(
    ("where", "pointer"),
    [
        ({"field": "data.a", "op": "equalz", "value": 1}, "/where/op"),
        ({"field": "data.a", "op": "between", "value": "x"}, "/where/value"),
        ({"field": "data.a", "op": "regex", "value": "(?=a)"}, "/where/value"),
        ({"cel": "'a text'"}, "/where/cel"),
        ({"all": [{"field": "data.a", "op": "exists"}] * 501}, "/where/all/500"),
    ],
    ids=["operator", "value type", "regex", "CEL", "501 tests"],
)
def test_what_is_refused_at_save_is_refused_with_its_path(where: Json, pointer: str) -> None:
    assert pointers_of(where) == [pointer]


def test_more_than_32_levels_are_refused_with_their_path() -> None:
    nested: Json = {"field": "data.a", "op": "exists"}
    for _ in range(32):
        nested = {"not": nested}
    assert pointers_of(nested) == ["/where" + "/not" * 32]


def pointers_of(where: Json) -> list[str]:
    document = {
        "name": "x",
        "when": {"event": {"types": ["a"]}},
        "where": where,
        "then": {"actions": [{"kind": "log"}]},
    }
    with pytest.raises(DocumentInvalid) as caught:
        parse_trigger(document, action_params={})
    return [fault.pointer for fault in caught.value.faults if fault.pointer.startswith("/where")]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
WORDS = st.sampled_from(
    ["all", "any", "not", "field", "op", "value", "value_of", "quantifier", "cel", "pattern", "data.a", "type", "eq",
     "regex", "between", "in", "wildcard", "$or", "prefix", "numeric", "every", "length(data.a)"]
)  # fmt: skip
GARBAGE = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)
TESTS = st.fixed_dictionaries(
    {"field": st.sampled_from(["data.a", "type", "length(data.a)", "now"]) | WORDS, "op": WORDS, "value": GARBAGE}
)


@settings(max_examples=150)
@given(where=GARBAGE | TESTS | st.lists(TESTS, max_size=3).map(lambda tests: {"any": tests}))
def test_garbage_ends_in_named_errors_only(where: Json) -> None:
    document = {
        "name": "x",
        "when": {"event": {"types": ["a"]}},
        "where": where,
        "then": {"actions": [{"kind": "log"}]},
    }
    try:
        parsed = parse_trigger(document, action_params={})
    except DocumentInvalid:
        return  # a named error; any other one fails the test
    for fault in (*faults_of(parsed), *warnings_of(parsed, [Known("itself", parsed)])):
        assert fault.message


@settings(max_examples=200)
@given(st.text(alphabet="{}[]:,-'\"\n abdefilnopstuwvy.$*1", max_size=80).map(lambda text: f"name: x\nwhere: {text}\n"))
def test_garbage_files_end_in_named_errors_only(text: str) -> None:
    with suppress(FileInvalid, DocumentInvalid):  # named errors; any other one fails the test
        for document in read_documents(text.encode(), is_json=False):
            assert parse_trigger(document.value, action_params={}).name == "x"
