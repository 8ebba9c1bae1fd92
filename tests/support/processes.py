"""What tests say of processes."""

from __future__ import annotations

from contextlib import suppress

import psutil


def assert_ended(*pids: int) -> None:
    """Each is gone, or waits for nothing but its parent to notice."""
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
