"""The tools as processes: pipes that close, disks that are full, locales, colours, Ctrl-C."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

RULES = '{"id": "\u2603", "where": {"field": "data.n", "op": "eq", "value": 1}}\n'
COMMAND = (sys.executable, "-m", "ensue.cli")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with rules and a few thousand events."""
    (tmp_path / "r.jsonl").write_text(RULES, encoding="utf-8")
    (tmp_path / "e.jsonl").write_text('{"data": {"n": 1}}\n' * 5000)
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}} | more


def test_whatever_the_locale_the_output_is_utf_8(files: Path) -> None:
    ascii_alone = environment(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii")
    for arguments in (
        ("match", "--rules", "r.jsonl", "--events", "e.jsonl", "--dump"),
        ("explain", "--trigger", "r.jsonl", "--event", "e.jsonl"),
    ):
        done = subprocess.run([*COMMAND, *arguments], cwd=files, env=ascii_alone, capture_output=True, check=True)
        assert "\u2603".encode() in done.stdout
        assert done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("match", "--rules", "-", "--events", "e.jsonl", "--dump"), "r.jsonl", '{"index": 0, "ids": ["\u2603"]}'),
        (("match", "--rules", "r.jsonl", "--events", "-", "--dump"), "e.jsonl", '{"index": 0, "ids": ["\u2603"]}'),
        (("explain", "--trigger", "-", "--event", "e.jsonl"), "r.jsonl", "\u2603: matches"),
        (("check", "-"), "t.yaml", "1 file, 1 trigger, 0 faults"),
    ],
    ids=["rules", "events", "a trigger to explain", "triggers to check"],
)
def test_a_file_may_be_the_input(files: Path, arguments: tuple[str, ...], given: str, said: str) -> None:
    (files / "t.yaml").write_text("{name: x, when: {event: {types: [a]}}, then: {actions: [{kind: log}]}}")
    with (files / given).open("rb") as content:
        done = subprocess.run([*COMMAND, *arguments], cwd=files, stdin=content, capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[0] == said


def test_a_reader_that_goes_away_ends_it_without_a_traceback(files: Path) -> None:
    command = [*COMMAND, "match", "--rules", "r.jsonl", "--events", "e.jsonl", "--dump"]
    with subprocess.Popen(command, cwd=files, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == '{"index": 0, "ids": ["\u2603"]}\n'.encode()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    "arguments", [("--version",), ("match", "--rules", "r.jsonl", "--events", "e.jsonl", "--dump")]
)
def test_a_full_disk_is_said_in_a_sentence(files: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, *arguments], cwd=files, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"ensue: No space left on device\n")


def test_ctrl_c_ends_it_with_130(files: Path) -> None:
    os.mkfifo(files / "waiting.jsonl")
    command = [*COMMAND, "match", "--rules", "waiting.jsonl", "--events", "e.jsonl"]
    with subprocess.Popen(command, cwd=files, stderr=subprocess.PIPE) as process:
        with (files / "waiting.jsonl").open("wb"):  # it has begun to read
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def test_in_a_terminal_explanations_are_coloured_unless_one_says_not(files: Path) -> None:
    command = [*COMMAND, "explain", "--trigger", "r.jsonl", "--event", "one.jsonl"]
    (files / "one.jsonl").write_text('{"data": {"n": 2}}\n')
    assert b"\x1b[31m" in in_a_terminal(command, files, environment(TERM="xterm"))
    assert b"\x1b[31m" not in in_a_terminal(command, files, environment(TERM="xterm", NO_COLOR="1"))
    done = subprocess.run(command, cwd=files, env=environment(TERM="xterm"), capture_output=True, check=False)
    assert b"\x1b" not in done.stdout


def in_a_terminal(command: list[str], folder: Path, variables: dict[str, str]) -> bytes:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    written = b""
    with subprocess.Popen(command, cwd=folder, env=variables, stdout=theirs, stdin=subprocess.DEVNULL) as process:
        os.close(theirs)
        try:
            while part := os.read(ours, 4096):
                written += part
        except OSError:  # the last one has closed it
            pass
        finally:
            os.close(ours)
        assert process.wait(30) == 1
    return written
