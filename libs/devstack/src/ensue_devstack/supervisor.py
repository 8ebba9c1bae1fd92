"""The one process that owns a stack: `python -m ensue_devstack.supervisor FOLDER [--attached]`. Started by `starting`.

It goes into the background at once; when the call returns with 0, it holds the stack's lock. SIGTERM ends the stack.
SIGHUP: read again what is wanted (services may join a stack of servers). `--attached`: end also when standard input
closes, that is, when whoever started it is gone. Whatever a killed supervisor left running is ended first: it is
recognised by the stack's marker.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from ensue.runtime.clock import SystemClock
from ensue_devstack.child import BackOff, Probing
from ensue_devstack.layout import Layout
from ensue_devstack.plan import StackPlan
from ensue_devstack.processes import end, members
from ensue_devstack.state import wanted_extent
from ensue_devstack.supervision import Supervision

EXIT_TAKEN = 4  # another supervisor has the folder
LEFTOVERS_SECONDS = 15.0
LOCK_ATTEMPTS = 20
LOCK_PAUSE_SECONDS = 0.05
log = logging.getLogger("ensue_devstack.supervisor")


def main(arguments: Sequence[str]) -> int:
    """Supervise until told to end."""
    parser = argparse.ArgumentParser(prog="python -m ensue_devstack.supervisor")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--attached", action="store_true")
    options = parser.parse_args(arguments)
    layout = Layout(options.folder.resolve())
    layout.make()
    with layout.supervisor_lock.open("a+") as lock:
        if not _locked(lock):
            sys.stderr.write(f"another supervisor has {layout.home}\n")
            return EXIT_TAKEN
        child = os.fork()
        if child:
            _write_pid(lock, child)
            os._exit(0)  # the lock is held as long as the child lives
        _configure_logs()
        return asyncio.run(_supervise(layout, os.environ, attached=options.attached))


def end_leftovers(layout: Layout) -> int:
    """End what runs of this stack without a supervisor; how many processes there were."""
    found = members(layout)
    end(found, LEFTOVERS_SECONDS)
    return len(found)


async def _supervise(layout: Layout, environment: Mapping[str, str], *, attached: bool) -> int:
    left = await asyncio.to_thread(end_leftovers, layout)
    log.info("supervising %s; ended what a killed supervisor had left: %d processes", layout.home, left)
    supervision = Supervision(layout, SystemClock(), BackOff(), Probing())
    loop = asyncio.get_running_loop()

    def read_wanted() -> None:
        supervision.want(wanted_extent(layout))

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervision.stopping.set)
    loop.add_signal_handler(signal.SIGHUP, read_wanted)
    if attached:
        loop.add_reader(sys.stdin.fileno(), _stop_when_closed, supervision)
    read_wanted()
    return await supervision.run(lambda: StackPlan.of(layout, environment))


def _locked(lock: IO[str]) -> bool:
    """Whether the lock could be had; whoever only looks whether it is held holds it for a moment."""
    for _ in range(LOCK_ATTEMPTS):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE_SECONDS)
        else:
            return True
    return False


def _write_pid(lock: IO[str], pid: int) -> None:
    lock.truncate(0)
    lock.write(str(pid))
    lock.flush()


def _configure_logs() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("ensue_devstack").setLevel(logging.INFO)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a probe's failure is told in the state


def _stop_when_closed(supervision: Supervision) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        supervision.stopping.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
