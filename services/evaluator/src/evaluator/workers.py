"""Several evaluators on one machine: `--workers N` starts N processes of one group, which share the partitions.

Called by `evaluator.__main__`. The processes are crash-only like a single one: when one ends unasked, all are
stopped and the supervisor starts the whole again. No worker outlives the process that started it, however that ended:
one that was left behind would keep its partitions and its port from those that come after it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from types import FrameType

from ensue.runtime.lifecycle import run_service
from evaluator.app import run
from evaluator.settings import EvaluatorSettings

_ORPHANED = 70  # EX_SOFTWARE; nobody is left to read it
_ENDED_WELL = (0, -signal.SIGTERM)  # the latter where it was stopped before it could begin
Work = Callable[[EvaluatorSettings], int]


def run_one(settings: EvaluatorSettings) -> int:
    """Run one evaluator in this process until it is stopped; the exit code."""
    return run_service(settings, partial(run, settings))


def settings_of(settings: EvaluatorSettings, worker: int) -> EvaluatorSettings:
    """A worker's settings: a name of its own and, where the port is fixed, the port that many after it."""
    port = settings.metrics_port + worker if settings.metrics_port else 0
    return settings.model_copy(update={"instance": f"{settings.instance}-{worker}", "metrics_port": port})


def run_workers(settings: EvaluatorSettings, count: int, work: Work = run_one) -> int:
    """Run `count` processes until a stop signal, or until one ends; 0 where every one ended well."""
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_work, args=(work, settings_of(settings, number)), name=f"worker {number}")
        for number in range(count)
    ]

    def stop(_number: int = 0, _frame: FrameType | None = None) -> None:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()

    for worker in workers:
        worker.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    wait([worker.sentinel for worker in workers])
    stop()
    for worker in workers:
        worker.join()
    return 0 if all(worker.exitcode in _ENDED_WELL for worker in workers) else 1


def _work(work: Work, settings: EvaluatorSettings) -> None:
    os.setsid()  # Ctrl-C reaches the parent alone, which passes it on once: a second signal would end a drain
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    sys.exit(work(settings))


def _end_with_parent() -> None:
    """Once the parent is gone, end as a crash would: at once, and nothing is lost by it.

    The sentinel is a pipe whose other end the parent alone holds, and the system closes it however the parent ends.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(_ORPHANED)
