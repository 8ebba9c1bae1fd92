"""Files as strangers have them: marks, line ends, broken lines, odd names. All that is wrong is told with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ensue.cli import run

TRIGGER = """\
name: Odd
when: {event: {types: [a.b]}}
where: {field: data.n, op: gt, value: 5}
then: {actions: [{kind: log}]}
"""
RULES = '{"id": "a", "pattern": {"n": [1]}}\n{"id": "b", "where": {"field": "data.n", "op": "eq", "value": 1}}\n'
EVENTS = '{"n": 1, "data": {"n": 1}}\n{"type": "y"}\n'
FOUND = [["a", "b"], []]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(name: str, content: str | bytes) -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], list[str]]:
    """The exit code of a command, and the lines that it wrote to both streams."""
    code = run(arguments)
    captured = capsys.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


def dumped(capsys: pytest.CaptureFixture[str], rules: str, events: str) -> list[list[str]]:
    code, out, err = told(capsys, "match", "--rules", rules, "--events", events, "--dump")
    assert (code, err) == (0, [])
    return [json.loads(line)["ids"] for line in out]


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"\n \n" + text + b"\n\n",
    ],
    ids=["byte order mark", "CRLF", "blank lines"],
)
def test_marks_and_line_ends_make_no_difference(capsys: pytest.CaptureFixture[str], changed: object) -> None:
    assert callable(changed)
    trigger, rules = written("t.yaml", changed(TRIGGER.encode())), written("r.jsonl", changed(RULES.encode()))
    assert told(capsys, "check", trigger) == (0, ["1 file, 1 trigger, 0 faults"], [])
    assert dumped(capsys, rules, written("e.jsonl", changed(EVENTS.encode()))) == FOUND


def test_not_both_files_can_be_the_input(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = told(capsys, "match", "--rules", "-", "--events", "-")
    assert (code, len(err)) == (2, 1)
    assert "cannot both be read from the input" in err[0]


def test_of_the_lines_of_a_rule_file_each_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    rules = written(
        "r.jsonl",
        '{"id": "a", "pattern": {"n": [1]}}\n{"id": "a",  "pattern": {"n": [2]}}\n{bad\n'
        '{"id": "q", "pattern": {"n": []}}\n'
        '{"id": true, "pattern": {"n": [1]}}\n{"id": "z"}\n5\n{"id": "u", "pattern": {"n": ["\\u0000"]}}\n'
        '{"id": "w", "where": {"field": "data.n", "op": "eqq", "value": NaN}}\n',
    )
    code, _, err = told(capsys, "match", "--rules", rules, "--events", written("e.jsonl", EVENTS))
    assert code == 2
    assert [line.split(" (expected")[0] for line in err] == [
        "r.jsonl:2:8: /id stands twice: a",
        "r.jsonl:3:2: the file is not JSON: JSON is malformed: object keys must be strings (byte 1)",
        "r.jsonl:4:30: /pattern/n is an empty array",
        "r.jsonl:5:8: /id is not an id",
        "r.jsonl:6:1: the file is not a rule",
        "r.jsonl:7:1: the file is not a rule",
        "r.jsonl:8:31: /pattern/n/0 has a character that cannot be stored",
        "r.jsonl:9:64: /where/value is not a finite number",
        'r.jsonl:9:48: /where/op is not a known operator; did you mean "eq"?',
    ]


def test_of_the_lines_of_an_event_file_each_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    rules = written("r.jsonl", RULES)
    events = written(
        "e.jsonl",
        b'{"type": "x", "time": "gestern"}\n[1]\n{"type": "\\u0000"}\n\n{"n": NaN}\n{"a": 1, "a": 2}\n{"n":\n'
        b'\xff\n{"type": 5}\n',
    )
    code, out, err = told(capsys, "match", "--rules", rules, "--events", events, "--dump")
    assert (code, out) == (2, [])
    assert [line.split(" (expected")[0] for line in err] == [
        "e.jsonl:1:23: /time is not an instant",
        "e.jsonl:2:1: the file is not an event",
        "e.jsonl:3:10: /type has a character that cannot be stored",
        "e.jsonl:5:7: /n is not a finite number",
        "e.jsonl:6:10: the file names 'a' twice in one object",
        "e.jsonl:7:6: the file is not JSON: Input data was truncated",
        "e.jsonl:8:1: the file is not UTF-8",
        "e.jsonl:9:10: /type is not a text",
    ]


def test_whatever_form_an_event_has_patterns_match_it(capsys: pytest.CaptureFixture[str]) -> None:
    events = written("e.jsonl", '{"type": 5, "time": [], "n": 1}\n')
    assert dumped(capsys, written("r.jsonl", RULES.splitlines()[0]), events) == [["a"]]


def test_what_stands_before_a_broken_place_is_checked_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "check", written("t.yaml", f"{TRIGGER}delay: long\n---\n{TRIGGER}---\na: [\n"))
    assert code == 2
    assert out[0].startswith("t.yaml:5:8: /delay is not a duration")
    assert out[1].startswith("t.yaml:3:8: warning: ") or out[1].startswith("t.yaml:13:1: the file is not YAML")
    assert out[-1] == "1 file, 2 triggers, 2 faults"


def test_what_json_cannot_hold_hides_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    odd = TRIGGER.replace("value: 5", "value: .nan").replace("op: gt", "op: gt, vlaue: 1")
    code, out, _ = told(capsys, "check", written("t.yaml", f"1: x\n? [a]\n: y\nenabled: yes\n{odd}"))
    assert code == 2
    assert [line.split(" (expected")[0] for line in out] == [
        "t.yaml:2:3: the file has a member whose name is not a text",
        "t.yaml:7:49: /where/value is not a finite number",
        "t.yaml:4:10: /enabled is not true or false",
        't.yaml:7:39: /where/vlaue is not a known field; did you mean "value"?',
        "t.yaml:1:4: /1 is not a known field",
        "1 file, 1 trigger, 5 faults",
    ]


def test_aliases_stand_for_what_they_name(capsys: pytest.CaptureFixture[str]) -> None:
    where = "{any: [&x {field: data.n, op: eq, value: 1}, {all: [*x, {field: data.m, op: eq, value: 1}]}]}"
    code, out, _ = told(capsys, "check", written("t.yaml", TRIGGER.replace("{field: data.n, op: gt, value: 5}", where)))
    assert code == 0
    assert "adds nothing" in out[0]


def test_nothing_in_a_file_reaches_the_terminal_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    escape, event = "\x1b[31m", written("e.jsonl", '{"data": {"n": "\\u001b[31m\\u2028"}}\n')
    rule = {"id": f"{escape}\nx", "where": {"field": "data.n", "op": "eq", "value": f"{escape}\n\u2028"}}
    code, out, _ = told(capsys, "explain", "--trigger", written("r.json", json.dumps(rule)), "--event", event)
    assert (code, len(out)) == (1, 3)
    wrong = written("t.json", json.dumps({f"{escape}\n\u2028": 1}))
    lines = [*out, *told(capsys, "check", wrong)[1]]
    assert all(line.isprintable() for line in lines)
    assert "/\\x1b[31m\\n\\u2028 is not a known field" in "\n".join(lines)


def test_nothing_to_explain_is_wrong_input(capsys: pytest.CaptureFixture[str]) -> None:
    rules, nothing = written("r.jsonl", RULES), written("n.jsonl", "\n")
    assert told(capsys, "explain", "--trigger", rules, "--event", nothing)[::2] == (
        2,
        ["ensue: n.jsonl holds no event"],
    )
    assert told(capsys, "explain", "--trigger", nothing, "--event", rules)[::2] == (
        2,
        ["ensue: n.jsonl holds no trigger"],
    )


def test_wrong_sample_events_are_told_with_their_places(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--events", written("e.jsonl", '{"type": 5}\n{\n'))
    code, _, err = told(capsys, "check", written("t.yaml", TRIGGER), *arguments)
    assert code == 2
    assert [line.split(": ")[0] for line in err[1:]] == ["e.jsonl:1:10", "e.jsonl:2:2"]
