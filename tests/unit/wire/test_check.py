"""`ensue check`: exit 0 for good files, 2 for wrong ones, every fault with its file, line and pointer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.cli import run
from ensue.wire.document_files import read_documents
from ensue.wire.source_document import FileInvalid

GOOD = """
name: Generate scenes
when: {event: {types: [variant.approved]}}
then:
  actions:
    - {kind: emit_event, type: scenes.requested, data: {on: 2026-01-01, at: 09:00, zip: 007}}
"""
BAD = """\
name: Generate scenes
when:
  event:
    types: [variant.approved]
    entity: variant
where:
  all:
    - {field: data.score, op: equals, value: 1}
then:
  actions:
    - kind: web_hook
"""


def checked(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """The exit code of the command and what it printed."""
    code = run(["check", *map(str, arguments)])
    return code, capsys.readouterr().out


@pytest.mark.requirement("R18.22")
def test_a_good_file_exits_0_and_a_bad_one_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(GOOD)
    bad.write_text(BAD)
    assert checked(capsys, good) == (0, "1 file, 1 trigger, 0 faults\n")
    assert checked(capsys, bad)[0] == 2
    code, answer = checked(capsys, good, bad, "--json")
    assert code == 2
    assert [len(report["faults"]) for report in json.loads(answer)["files"]] == [0, 3]


def test_every_fault_is_shown_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(BAD)
    lines = checked(capsys, bad)[1].splitlines()
    assert [line.split(" (expected")[0] for line in lines] == [
        f'{bad}:5:13: /when/event/entity is not a known field; did you mean "entity_type"?',
        f'{bad}:8:31: /where/all/0/op is not a known operator; did you mean "eq"?',
        f'{bad}:11:13: /then/actions/0/kind is not a known kind of action; did you mean "webhook"?',
        "1 file, 1 trigger, 3 faults",
    ]


def test_a_missing_member_is_shown_where_it_should_stand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("name: x\nwhen:\n  event:\n    entity_type: variant\nthen: {actions: [{kind: log}]}\n")
    assert checked(capsys, file)[1].startswith(f"{file}:4:5: /when/event/types is missing")


def test_a_file_may_hold_several_documents_and_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "many.yaml"
    items = "".join("- " + GOOD.strip().replace("\n", "\n  ") + "\n" for _ in range(2))
    file.write_text(f"---\n{GOOD}\n---\n{items}\n---\n{BAD}\n---\n")
    code, answer = checked(capsys, file, "--json")
    (report,) = json.loads(answer)["files"]
    assert (code, report["triggers"]) == (2, 4)
    assert {fault["document"] for fault in report["faults"]} == {3}
    assert report["faults"][0]["line"] == 26


def test_json_is_checked_too_with_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "many.json"
    file.write_text('[{"name": "x",\n\t"when": {"event": {"types": ["a"]}},\n\t"then": {"actions": []}}]')
    code, answer = checked(capsys, file, "--json")
    assert code == 2
    assert json.loads(answer)["files"][0]["faults"] == [
        {
            "document": 0,
            "pointer": "/then/actions",
            "line": 3,
            "column": 22,
            "message": "is empty",
            "expected": "a list of 1 to 50 actions",
        }
    ]


@pytest.mark.parametrize(
    ("name", "content", "message", "line", "column"),
    [
        ("x.yaml", b"a: [1\nb: 2", "is not YAML", 2, 2),
        ("x.yaml", b"a: 1\nb: x\xff", "is not UTF-8", 2, 5),
        ("x.yaml", b"a: 1\nb: \x00", "is not YAML: it has the character U+0000", 2, 4),
        ("x.yaml", b"", "holds no trigger", None, None),
        ("x.yaml", b"---\n---\n", "holds no trigger", None, None),
        ("x.yaml", b"a: &a [*a]", "holds itself, or too many values", 1, 4),
        ("x.yaml", b"a: *nobody", "is not YAML", 1, 4),
        ("x.yaml", b"a:\n\tb: 1", "is not YAML", 2, 1),
        ("x.yaml", b"name: x\nname: y", "names 'name' twice in one object", 2, 1),
        ("x.yaml", b"? [a]\n: 1", "has a member whose name is not a text", 1, 3),
        ("x.yaml", b"name: !python/object:os.system x", "has the tag '!python/object:os.system', which", 1, 7),
        ("x.yaml", b"!!python/object/apply:os.system [x]", "has the tag 'tag:yaml.org,2002:python", 1, 1),
        ("x.yaml", b"a: !!set {b}", "has the tag 'tag:yaml.org,2002:set', which", 1, 4),
        ("x.yaml", b"a: 0x" + b"f" * 4000, "has a number with too many digits", 1, 4),
        ("x.yaml", b"a: " + b"9" * 5000, "has a number with too many digits", 1, 4),
        ("x.yaml", b"a:\n" + b"[" * 1000, "is nested too deep", 2, 101),
        ("x.yaml", b"5", "is not an object", 1, 1),
        ("x.json", b'{"a": 1,\n, }', "is not JSON", 2, 1),
        ("x.json", b'{"a": 1,\n "a": 2}', "names 'a' twice in one object", 2, 2),
        ("x.json", b'[{"a": 1},\n {"b": 1, "b": 2}]', "names 'b' twice in one object", 2, 11),
        ("x.json", b'{"a":\n NaN}', "is not a finite number", 2, 2),
        ("x.json", b'{"a":\n "\\u0000"}', "has a character that cannot be stored", 2, 2),
        ("x.json", b'{"a":\n "\\ud800"}', "has a character that cannot be stored", 2, 2),
        ("x.json", b'{"a":\n ' + b"9" * 5000 + b"}", "has a number with too many digits", 2, 2),
        ("x.json", b'{"a":\n ' + b"[" * 1000 + b"]" * 1000 + b"}", "is nested too deep", 2, 65),
        ("x.json", b"", "holds no trigger", None, None),
        ("x.jsonl", b'{"name": "x"}\n{"name":}\n', "is missing", 1, 1),
    ],
)
def test_an_unreadable_file_is_named_with_the_reason(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    message: str,
    line: int | None,
    column: int | None,
) -> None:
    (tmp_path / name).write_bytes(content)
    code, answer = checked(capsys, tmp_path / name, "--json")
    fault = json.loads(answer)["files"][0]["faults"][0]
    assert code == 2
    assert message in fault["message"]
    assert (fault["line"], fault["column"]) == (line, column)


def test_a_file_that_is_not_there_is_wrong_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = checked(capsys, tmp_path / "nowhere.yaml", tmp_path)
    assert code == 2
    assert "nowhere.yaml: the file cannot be read: No such file or directory" in answer
    assert "cannot be read: Is a directory" in answer


def test_aliases_that_multiply_are_stopped() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    with pytest.raises(FileInvalid, match="too many values"):
        read_documents(bomb.encode(), is_json=False)


def test_yaml_is_read_as_its_version_1_2_has_it() -> None:
    text = b"{on: yes, date: 2026-01-01, at: 09:00, n: 010, o: 0o10, h: 0x1f, f: 1e3, e: ~, t: true, q: 'true', x: }"
    (document,) = read_documents(text, is_json=False)
    assert document.value == {
        "on": "yes",
        "date": "2026-01-01",
        "at": "09:00",
        "n": 10,
        "o": 8,
        "h": 31,
        "f": 1000.0,
        "e": None,
        "t": True,
        "q": "true",
        "x": None,
    }


@given(st.text(alphabet="a:-[]{}&*!|>'\" \n\t#%@`,?0.\\u", max_size=30).map(str.encode) | st.binary(max_size=20))
def test_any_file_is_documents_or_a_named_fault(content: bytes) -> None:
    for is_json in (True, False):
        try:
            read_documents(content, is_json=is_json)
        except FileInvalid as invalid:
            message = invalid.fault.message
            assert message  # either outcome is right; which one is not known beforehand
