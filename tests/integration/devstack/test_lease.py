"""One stack for several processes: up with the first, down with the last, whoever of them was killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.processes import assert_ended

from ensue_devstack.layout import Layout
from ensue_devstack.stack import Stack
from ensue_devstack.starting import supervisor_pid

# Stands for a supervisor: it holds the stack's lock, says who it is, and ends when asked to.
SUPERVISOR = """
import fcntl, os, sys, time
lock = open(sys.argv[1], "a+")
fcntl.flock(lock, fcntl.LOCK_EX)
lock.truncate(0); lock.write(str(os.getpid())); lock.flush()
print("holds the lock", flush=True)
time.sleep(600)
"""

USER = f"""
import subprocess, sys
from pathlib import Path
from ensue_devstack.layout import Layout
from ensue_devstack.lease import leased
from ensue_devstack.stack import Stack
from ensue_devstack.starting import supervisor_pid
def first(stack):
    if supervisor_pid(stack.layout) is not None:
        return "first, of a stack that runs"
    supervisor = subprocess.Popen(
        [sys.executable, "-c", {SUPERVISOR!r}, str(stack.layout.supervisor_lock)], stdout=subprocess.PIPE)
    supervisor.stdout.readline()
    return "first"
with leased(Stack(Layout(Path(sys.argv[1]))), first, lambda _: "again") as used:
    print(used, flush=True)
    sys.stdin.read()
"""


class User:
    """A process that uses the stack until it is told to leave."""

    def __init__(self, layout: Layout) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(layout.home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def got(self) -> str:
        """Whether it was the first, or came again to a stack that others use."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0

    def die(self) -> None:
        """`kill -9`; nothing if it has gone."""
        self.process.kill()
        self.process.wait(timeout=30)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout.of(tmp_path)
    layout.make()
    return layout


@pytest.fixture
def user(layout: Layout) -> Iterator[Callable[[], User]]:
    """Makes users; those that are left at the end are killed."""
    with ExitStack() as stack:

        def make() -> User:
            made = User(layout)
            stack.callback(made.die)
            return made

        yield make
        stack.callback(Stack(layout).take_down)


def test_the_last_one_takes_it_down(layout: Layout, user: Callable[[], User]) -> None:
    one = user()
    assert one.got() == "first"
    other = user()
    assert other.got() == "again"

    one.leave()
    pid = supervisor_pid(layout)
    assert pid is not None

    other.leave()
    assert supervisor_pid(layout) is None
    assert_ended(pid)


def test_a_killed_user_holds_nothing(layout: Layout, user: Callable[[], User]) -> None:
    one = user()
    assert one.got() == "first"
    one.die()
    assert supervisor_pid(layout) is not None

    other = user()
    assert other.got() == "first, of a stack that runs"
    other.leave()
    assert supervisor_pid(layout) is None
