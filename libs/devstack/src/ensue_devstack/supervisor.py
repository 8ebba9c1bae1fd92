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
from collections.abc import Mapping, Sequence
from pathlib import Path

from ensue.runtime.clock import SystemClock
from ensue_devstack.child import BackOff, Probing
from ensue_devstack.layout import Layout
from ensue_devstack.plan import StackPlan
from ensue_devstack.processes import end, members
from ensue_devstack.state import read_state, wanted_extent
from ensue_devstack.supervision import Supervision

EXIT_TAKEN = 4  # another supervisor has the folder
LEFTOVERS_SECONDS = 15.0


def main(arguments: Sequence[str]) -> int:
    """Supervise until told to end."""
    parser = argparse.ArgumentParser(prog="python -m ensue_devstack.supervisor")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--attached", action="store_true")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a probe's failure is told in the state
    layout = Layout(options.folder.resolve())
    layout.make()
    with layout.supervisor_lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"another supervisor has {layout.home}\n")
            return EXIT_TAKEN
        if os.fork():
            os._exit(0)  # the lock is held as long as the child lives
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return asyncio.run(_supervise(layout, os.environ, attached=options.attached))


def end_leftovers(layout: Layout) -> int:
    """End what runs of this stack without a supervisor; how many processes there were."""
    former = read_state(layout)
    found = members(layout, former.working_folders() if former else ())
    end(found, LEFTOVERS_SECONDS)
    return len(found)


async def _supervise(layout: Layout, environment: Mapping[str, str], *, attached: bool) -> int:
    await asyncio.to_thread(end_leftovers, layout)
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


def _stop_when_closed(supervision: Supervision) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        supervision.stopping.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
