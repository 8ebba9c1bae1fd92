"""`--calendars FILE` of the tools, and of `ensue.testing.match`: conditions that name calendars, without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ensue.cli import run
from ensue.core.errors import InvalidValue
from ensue.testing.match import assert_fires, assert_quiet, load_triggers

TRIGGER = """
name: Generate scenes
when: {event: {types: [variant.approved]}}
where: {not: {field: time, op: calendar, value: {name: studio-freeze, zone: Europe/Berlin}}}
then: {actions: [{kind: log, message: approved}]}
"""
CALENDARS = """
studio-freeze: [2026-11-27, --12-25, {from: 2026-12-24, to: 2027-01-02}]
holidays: {description: Nobody is here., dates: []}
"""
ON_CHRISTMAS_IN_BERLIN = {"type": "variant.approved", "time": "2030-12-24T23:30:00Z"}
ON_A_WORKING_DAY = {"type": "variant.approved", "time": "2030-12-27T12:00:00Z"}


class Files:
    """A trigger, its calendars and two events, in files."""

    def __init__(self, folder: Path, calendars: str) -> None:
        self.trigger, self.calendars, self.events = (folder / name for name in ("t.yaml", "c.yaml", "e.jsonl"))
        self.trigger.write_text(TRIGGER)
        self.calendars.write_text(calendars)
        self.events.write_text(f"{json.dumps(ON_CHRISTMAS_IN_BERLIN)}\n{json.dumps(ON_A_WORKING_DAY)}\n")

    @property
    def beside(self) -> tuple[str, str]:
        return "--calendars", str(self.calendars)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path, CALENDARS)


def test_check_knows_the_calendars_of_the_file(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(files.trigger), *files.beside, "--events", str(files.events)]) == 0
    assert "fires for 1 of 2 sample events" in capsys.readouterr().out


def test_check_refuses_a_name_that_no_file_has_and_names_the_one_that_was_meant(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    files.calendars.write_text(CALENDARS.replace("studio-freeze", "studio-freezes"))
    assert run(["check", str(files.trigger), *files.beside]) == 2
    out = capsys.readouterr().out
    assert 't.yaml:4:49: /where/not/value names no calendar that there is; did you mean "studio-freezes"?' in out
    assert "(expected the name of a known calendar: holidays, studio-freezes)" in out
    assert run(["check", str(files.trigger)]) == 2
    assert "(expected the name of a known calendar, but none is known here)" in capsys.readouterr().out


def test_match_decides_by_them(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--rules", str(files.trigger), "--events", str(files.events), *files.beside]
    assert run(["match", *options, "--dump"]) == 0
    assert [json.loads(line)["ids"] for line in capsys.readouterr().out.splitlines()] == [[], ["Generate scenes"]]


def test_explain_says_which_calendar_decided(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--trigger", str(files.trigger), "--event", str(files.events), *files.beside]
    assert run(["explain", *options]) == 1
    out = capsys.readouterr().out
    assert 'time is on a day of the calendar studio-freeze (Europe/Berlin); actual "2030-12-24T23:30:00Z"' in out
    assert "Generate scenes: matches" in out


@pytest.mark.parametrize(
    ("calendars", "said"),
    [
        ("studio-freeze: [2026-11-27, soon]\n", "c.yaml:1:29: /studio-freeze/1 is not a day"),
        ("Studio Freeze: []\n", "is not the name of a calendar"),
        ("[]\n", "holds 0 documents"),
        ("a: [\n", "is not YAML"),
        ("a: []\na: []\n", "names 'a' twice in one object"),
        ("a: {dates: [], zone: UTC}\n", "/a/zone is not a known field"),
    ],
)
def test_a_wrong_file_of_calendars_is_refused_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], calendars: str, said: str
) -> None:
    files = Files(tmp_path, calendars)
    for command in (["check", str(files.trigger)], ["match", "--rules", str(files.trigger), "--events", "-"]):
        assert run([*command, *files.beside]) == 2
        assert said in capsys.readouterr().err
    files.calendars.unlink()
    assert run(["check", str(files.trigger), *files.beside]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_peoples_own_tests_load_them_too(files: Files) -> None:
    scenes = load_triggers(files.trigger, calendars=files.calendars)["Generate scenes"]
    assert_quiet(scenes, ON_CHRISTMAS_IN_BERLIN)
    assert_fires(scenes, ON_A_WORKING_DAY)
    files.calendars.write_text("studio-freeze: [soon]")
    with pytest.raises(InvalidValue, match=r"c\.yaml:1:17: /studio-freeze/0 is not a day"):
        load_triggers(files.trigger, calendars=files.calendars)
