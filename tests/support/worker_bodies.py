"""What stands in for an evaluator in tests of its workers; importable, because a worker is a process of its own."""

from __future__ import annotations

import fcntl
import signal
from pathlib import Path

from evaluator.settings import EvaluatorSettings


def first_fails(settings: EvaluatorSettings) -> int:
    """The first ends with 3 at once, the others when they are asked to."""
    return 3 if settings.instance.endswith("-0") else waits(settings)


def leaves_its_name_and_waits(settings: EvaluatorSettings) -> int:
    """Touch a file of its name in the folder that the default tenant names."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    Path(settings.default_tenant, settings.instance).touch()
    return waits(settings)


def locks_its_name_and_waits(settings: EvaluatorSettings) -> int:
    """Make a file of its name in the folder that the default tenant names, locked for as long as the process lives."""
    unfinished = Path(settings.default_tenant, f".{settings.instance}")
    with unfinished.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        unfinished.rename(Path(settings.default_tenant, settings.instance))
        return waits(settings)


def waits(_: EvaluatorSettings) -> int:
    """End well when asked to."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.sigwait({signal.SIGTERM})
    return 0
