"""Types and lint are clean, tests included: what `make check` runs, as a test of its requirement."""

from __future__ import annotations

import subprocess

import pytest
from tests.house.source import PROGRAMS, ROOT, TREES

SECONDS = 600  # the first run has no caches


@pytest.mark.requirement("R19.10")
@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("command", [["ruff", "format", "--check"], ["ruff", "check"], ["mypy", *TREES]], ids=" ".join)
def test_there_are_no_static_errors(command: list[str]) -> None:
    program, *arguments = command
    done = subprocess.run([PROGRAMS / program, *arguments], check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
