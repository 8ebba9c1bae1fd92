"""`python -m trigger_api`: without arguments runs the service, else one of the commands of `cli`."""

from __future__ import annotations

import sys
from functools import partial

from ensue.runtime.lifecycle import run_service
from ensue.runtime.settings import load_settings
from trigger_api.settings import ApiSettings


def main() -> None:
    """The console script `ensue-trigger-api`."""
    if len(sys.argv) > 1:
        from trigger_api.cli import run_command

        sys.exit(run_command(sys.argv[1:]))
    from trigger_api.app import run

    settings = load_settings(ApiSettings)
    sys.exit(run_service(settings, partial(run, settings)))


if __name__ == "__main__":
    main()
