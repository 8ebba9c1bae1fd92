"""Worker processes: one that fails stops all, a signal stops all, and none outlives the one that started it."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.eventually import eventually
from tests.support.worker_bodies import (
    first_fails,
    leaves_its_name_and_waits,
    locks_its_name_and_waits,
)

from evaluator.settings import EvaluatorSettings
from evaluator.workers import run_workers

SETTINGS = EvaluatorSettings(
    kafka_bootstrap="127.0.0.1:1", database_url="postgres://a@127.0.0.1:1/b", instance="here", metrics_port=9100
)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_when_one_fails_all_are_stopped() -> None:
    assert run_workers(SETTINGS, 2, first_fails) == 1


async def test_no_worker_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = multiprocessing.get_context("spawn").Process(target=_run_two_workers, args=(tmp_path,))
    parent.start()
    try:
        workers = await eventually(lambda: _both(tmp_path), within=30)
        assert all(map(_is_held, workers))
    finally:
        parent.kill()
        parent.join()
    await eventually(lambda: _none_is_held(workers))


def _run_two_workers(folder: Path) -> None:
    settings = SETTINGS.model_copy(update={"default_tenant": str(folder)})
    run_workers(settings, 2, locks_its_name_and_waits)


def _both(folder: Path) -> list[Path]:
    here = sorted(folder.glob("here-*"))
    assert len(here) == 2
    return here


def _none_is_held(workers: list[Path]) -> None:
    assert not any(map(_is_held, workers))


def _is_held(worker: Path) -> bool:
    """Whether the process that locked the file lives: the system unlocks what a process leaves."""
    with worker.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_a_signal_stops_all(tmp_path: Path) -> None:
    def interrupt() -> None:
        while len(list(tmp_path.iterdir())) < 2:
            threading.Event().wait(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    settings = SETTINGS.model_copy(update={"default_tenant": str(tmp_path)})
    assert run_workers(settings, 2, leaves_its_name_and_waits) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here-0", "here-1"]
