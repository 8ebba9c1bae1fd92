"""`python -m evaluator`: runs the service, or `--workers N` of it. It owns nothing in SQL and migrates nothing."""

from __future__ import annotations

import argparse
import sys

from ensue.runtime.settings import load_settings
from evaluator.settings import EvaluatorSettings
from evaluator.workers import run_one, run_workers

MOST_WORKERS = 256


def main() -> int:
    """The exit code; 2 where the arguments or the settings are wrong."""
    parser = argparse.ArgumentParser(prog="python -m evaluator", description="Match every event against every trigger.")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes of one group (default 1)")
    workers: int = parser.parse_args().workers
    if not 1 <= workers <= MOST_WORKERS:
        parser.error(f"--workers must be 1 to {MOST_WORKERS}, not {workers}")
    settings = load_settings(EvaluatorSettings)
    if workers > 1:
        return run_workers(settings, workers)
    return run_one(settings)


if __name__ == "__main__":
    sys.exit(main())
