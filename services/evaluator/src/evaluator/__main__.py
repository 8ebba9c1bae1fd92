"""`python -m evaluator`: runs the service. It owns nothing in SQL, so there is nothing to migrate."""

from __future__ import annotations

import sys
from functools import partial

from ensue.runtime.lifecycle import run_service
from ensue.runtime.settings import EXIT_WRONG_INPUT, load_settings
from evaluator.app import run
from evaluator.settings import EvaluatorSettings


def main() -> int:
    """The exit code."""
    if sys.argv[1:]:
        sys.stderr.write("usage: python -m evaluator\n")
        return EXIT_WRONG_INPUT
    settings = load_settings(EvaluatorSettings)
    return run_service(settings, partial(run, settings))


if __name__ == "__main__":
    sys.exit(main())
