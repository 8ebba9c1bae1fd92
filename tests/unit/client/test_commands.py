"""The commands end with the promised exit codes, say what is wrong on stderr, and never show a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from ensue.cli import assemble, installed_commands, run
from ensue_client.commands import DEFAULT_SOURCE
from ensue_client.events import NewEvent
from ensue_client.outgoing import require_publishable, require_typed

NOWHERE = ["--api-url", "http://127.0.0.1:1", "--api-key", "ens_a_b"]


@pytest.fixture(autouse=True)
def _no_stack_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENSUE_API_URL", raising=False)
    monkeypatch.delenv("ENSUE_API_KEY", raising=False)


@pytest.mark.requirement("R18.22")
@pytest.mark.parametrize("arguments", [["log"], ["log", "--json"], ["log", *NOWHERE], ["triggers", "list", *NOWHERE]])
def test_without_a_server_a_command_ends_with_3(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("ensue: ")
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["publish"],
        ["publish", "variant.approved", "--data", "{", *NOWHERE],
        ["publish", "variant.approved", "--data", '{"a": 1, "a": 2}', *NOWHERE],
        ["publish", "variant.approved", "--data", '{"a": "\\u0000"}', *NOWHERE],
        ["publish", "variant.approved", "--data", "[" * 65 + "]" * 65, *NOWHERE],
        ["publish", "--file", "absent.json", *NOWHERE],
        ["triggers", "create", "absent.yaml", *NOWHERE],
        ["chain", "not-a-uuid", *NOWHERE],
        ["log", "--limit", "0", *NOWHERE],
        ["log", "--nonsense"],
        ["no-such-command"],
    ],
)
def test_wrong_input_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a b"], "/type: is no type of events (a name without spaces"),
        ([""], "/type: is no type of events"),
        (["a\tb"], "/type: is no type of events"),
        (["x" * 3000], "/type: is longer than 2048 bytes"),
        (["a.b", "--source", "my shop"], "/source: is no source of events (a URI without spaces"),
        (["a.b", "--source", ""], "/source: is no source of events"),
        (["a.b", "--source", "/100%"], "/source: is no source of events"),
        (["a.b", "--source", "ensue://dispatcher"], "/source: begins with ensue://, as only our own do"),
        (["a.b", "--subject", "a\nb"], "/subject: has control characters"),
        (["a.b", "--data", '"' + "x" * 300_000 + '"'], "/data: is 300002 bytes (at most 262144 bytes)"),
    ],
)
def test_an_event_that_the_api_would_refuse_is_not_sent(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["publish", *arguments, *NOWHERE]) == 2, "there is no server: 3 would say that it was sent"
    assert f"  {said}" in capsys.readouterr().err


def test_every_event_of_a_file_that_the_api_would_refuse_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "e.jsonl").write_text(
        '{"type": "a"}\n{"type": 7}\n{"type": "a", "Strange-Name": "x"}\n{"source": "/"}\n'
    )
    assert run(["publish", "--file", "e.jsonl", *NOWHERE]) == 2
    assert [line.split(" (")[0] for line in capsys.readouterr().err.splitlines()] == [
        "ensue: the document is wrong",
        "  /1/type: has the wrong type",
        "  /2/Strange-Name: is not the name of an attribute",
        "  /3/type: is missing",
    ]


@pytest.mark.parametrize("source", [DEFAULT_SOURCE, "/shop?a=%20#1", "https://shop.example/7", "urn:a:b"])
def test_what_is_right_is_let_through(source: str) -> None:
    require_typed("variant.approved", source)
    require_publishable([NewEvent("variant.approved", source, data=[1], subject="v 7").document("1")])


@pytest.mark.parametrize("content", ["", "[]", "\n \n", "---\n---\n"])
@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["publish", "--file", "none.json"], "event"),
        (["publish", "--file", "none.jsonl"], "event"),
        (["triggers", "create", "none.json"], "trigger"),
        (["triggers", "create", "one.yaml", "none.yaml"], "trigger"),
        (["triggers", "replace", "ID", "none.yaml"], "trigger"),
        (["triggers", "validate", "none.json"], "trigger"),
        (["triggers", "validate", "one.yaml", "--event", "none.yaml"], "event"),
        (["triggers", "explain", "ID", "--event", "none.jsonl"], "event"),
        (["calendars", "put", "holidays", "none.yaml"], "calendar"),
    ],
)
def test_a_file_that_holds_nothing_is_wrong_input(
    tmp_path: Path, arguments: list[str], what: str, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.yaml").write_text("name: one\n")
    name = next(each for each in arguments if each.startswith("none."))
    (tmp_path / name).write_text("" if content.startswith("-") and name.endswith(".json") else content)
    assert run([*arguments, *NOWHERE]) == 2
    assert capsys.readouterr().err == f"ensue: {name} holds no {what}\n"


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("ensue ")


@pytest.mark.requirement("R18.22")
@pytest.mark.parametrize("name", sorted(installed_commands()))
def test_every_subcommand_takes_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for path in leaves([name], typer.main.get_command(assemble([name])).commands[name]):  # type: ignore[attr-defined] # a group
        assert run([*path, "--help"]) == 0
        assert "--json" in capsys.readouterr().out, f"ensue {' '.join(path)} takes no --json"


def leaves(path: list[str], command: object) -> Iterator[list[str]]:
    """The paths of the commands that do something; a group only holds others."""
    inner: dict[str, object] = getattr(command, "commands", {})
    if not inner:
        yield path
    for name, member in inner.items():
        yield from leaves([*path, name], member)
