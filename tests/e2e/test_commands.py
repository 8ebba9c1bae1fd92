"""The command line against a running system: what people type, what they see, and the promised exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.system import LOG, System, fresh, trigger

SECONDS = 60


class Shell:
    """Runs `ensue` as a process that knows the system by its environment."""

    def __init__(self, system: System, folder: Path) -> None:
        connection = system.connection
        self._environment = {
            **os.environ,
            "ENSUE_API_URL": connection.api_url,
            "ENSUE_API_KEY": connection.api_key,
            "COLUMNS": "200",
        }
        self._folder = folder

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """One command line; `given` is its standard input."""
        command = [sys.executable, "-m", "ensue.cli", *arguments]
        return subprocess.run(
            command,
            check=False,
            cwd=self._folder,
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    def json(self, *arguments: str, given: str = "") -> dict[str, Any]:
        """The same with --json; it must end with 0."""
        done = self.run(*arguments, "--json", given=given)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def shell(system: System, tmp_path: Path) -> Shell:
    return Shell(system, tmp_path)


@pytest.mark.requirement("R18.22")
def test_a_trigger_lives_and_dies_by_commands(shell: Shell, tmp_path: Path) -> None:
    event_type = fresh("variant.approved")
    file = tmp_path / "trigger.json"
    file.write_text(json.dumps(trigger("from a file", event_type, LOG)))

    (created,) = shell.json("triggers", "create", str(file))["items"]
    trigger_id = str(created["id"])
    assert "from a file" in shell.run("triggers", "list").stdout
    assert shell.json("triggers", "get", trigger_id)["enabled"] is True
    shell.json("triggers", "disable", trigger_id)
    assert shell.json("triggers", "get", trigger_id)["enabled"] is False
    shell.json("triggers", "enable", trigger_id)
    file.write_text(json.dumps(trigger("another name", event_type, LOG)))
    shell.json("triggers", "replace", trigger_id, str(file))
    assert shell.json("triggers", "get", trigger_id)["name"] == "another name"
    document = shell.run("triggers", "get", trigger_id).stdout
    shell.json("triggers", "replace", trigger_id, "-", given=document.replace("another name", "edited"))
    assert shell.json("triggers", "get", trigger_id)["name"] == "edited"
    shell.json("triggers", "delete", trigger_id)
    gone = shell.run("triggers", "get", trigger_id)
    assert gone.returncode == 1
    assert gone.stderr.startswith("ensue: ")


def test_a_published_event_is_found_in_the_log_and_as_a_chain(shell: Shell, tmp_path: Path) -> None:
    event_type = fresh("variant.approved")
    shell.json("triggers", "create", "-", given=json.dumps(trigger("says so", event_type, LOG)))

    answer = shell.json("publish", event_type, "--subject", "variant-7", "--data", '{"score": 0.9}')
    (published,) = answer["events"]
    chain = str(published["correlation_id"])

    drawn = until_it_says(shell, "says so succeeded", "chain", chain)
    assert drawn.splitlines()[0].startswith(event_type)
    listed = shell.run("log", "--chain", chain)
    assert "succeeded" in listed.stdout
    assert "says so" in listed.stdout


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["triggers", "create", "-"], '{"name": "no action", "when": {"event": {"types": ["a.b"]}}}'),
        (["triggers", "create", "-"], '{"nam": "a"}'),
        (["publish", "--file", "-"], '{"type": "", "source": "s"}'),
        (["log", "--status", "nonsense"], ""),
    ],
)
def test_what_the_api_refuses_ends_with_2_and_names_the_place(shell: Shell, arguments: list[str], given: str) -> None:
    done = shell.run(*arguments, given=given)
    assert done.returncode == 2
    assert "/" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_key_ends_with_2(shell: Shell) -> None:
    assert shell.run("log", "--api-key", "ens_nobody_nothing").returncode == 2


def test_a_chain_that_is_not_there_ends_with_1(shell: Shell) -> None:
    assert shell.run("chain", "6f1d3c4e-2f0b-5a53-9d0e-6b1f5e2c7a10").returncode == 1


def until_it_says(shell: Shell, words: str, *arguments: str) -> str:
    """What a command says once it says these words; each try is a process, so there is no need to pause."""
    for _ in range(40):
        done = shell.run(*arguments)
        if words in done.stdout:
            return done.stdout
    raise AssertionError(f"{arguments} never said {words!r}: {done.stdout}{done.stderr}")


def test_a_calendar_lives_and_dies_by_commands(shell: Shell, tmp_path: Path) -> None:
    name = fresh("studio-freeze")
    file = tmp_path / "calendar.yaml"
    file.write_text(
        "description: Nothing is generated.\ndates: [2026-11-27, --12-25, {from: 2026-12-24, to: 2027-01-02}]\n"
    )
    assert shell.json("calendars", "put", name, str(file))["revision"] == 1
    assert "2026-12-24 to 2027-01-02" in shell.run("calendars", "list").stdout
    document = shell.run("calendars", "get", name).stdout
    assert shell.json("calendars", "put", name, "-", given=document)["revision"] == 1, "it is what was there"
    edited = shell.json("calendars", "put", name, "-", given=document.replace("2026-11-27", "2026-11-28"))
    assert (edited["revision"], edited["dates"][0]) == (2, "2026-11-28")
    wrong = shell.run("calendars", "put", name, "-", given=document.replace("2026-11-27", "soon"))
    assert wrong.returncode == 2
    assert "/dates/0: is not a day" in wrong.stderr
    assert shell.json("calendars", "delete", name) == {"deleted": name}
    assert shell.run("calendars", "get", name).returncode == 1
