"""Several workers, real processes: stopped together, and failing together."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.worker_bodies import first_fails, leaves_its_name_and_waits

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


def test_a_signal_stops_all(tmp_path: Path) -> None:
    def interrupt() -> None:
        while len(list(tmp_path.iterdir())) < 2:
            threading.Event().wait(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    settings = SETTINGS.model_copy(update={"default_tenant": str(tmp_path)})
    assert run_workers(settings, 2, leaves_its_name_and_waits) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here-0", "here-1"]
