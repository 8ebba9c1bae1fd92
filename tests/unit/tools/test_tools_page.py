"""docs/tools.md is run: its files are written, its commands print what it says they do, its tests pass."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ensue.cli import run

PAGE = (Path(__file__).parents[3] / "docs" / "tools.md").read_text(encoding="utf-8")
FILES = re.findall(r"```(?:yaml|json) (\S+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    (command, output)
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for command, output in re.findall(r"^\$ ensue (.*?)\n(.*?)(?=^\$ |\Z)", block, re.DOTALL | re.MULTILINE)
]
EXIT_CODES = {"check": 2, "explain": 1, "match": 0}  # of those that the page shows


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in FILES:
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_command_prints_what_the_page_shows(command: str, output: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(command.split())
    printed = capsys.readouterr().out
    shown = ".*".join(map(re.escape, output.split("...")))
    assert re.fullmatch(shown, printed), printed
    assert code == EXIT_CODES[command.partition(" ")[0]]


def test_the_test_that_the_page_shows_passes() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102  # our own page
    names["test_only_high_scores_start_scenes"]()


def test_the_page_shows_every_tool_and_ten_mistakes() -> None:
    assert {command.partition(" ")[0] for command, _ in COMMANDS} == EXIT_CODES.keys()
    assert "1 file, 1 trigger, 10 faults" in PAGE
