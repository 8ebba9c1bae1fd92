"""The processes of a stack, as the system sees them."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil

from ensue_devstack.processes import line_of


def test_the_line_of_a_process_is_itself_and_its_ancestors() -> None:
    assert {os.getpid(), os.getppid()} <= line_of(psutil.Process())


def test_the_line_of_a_process_that_has_just_ended_is_itself() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as started:
        process = psutil.Process(started.pid)
    assert line_of(process) == {started.pid}
