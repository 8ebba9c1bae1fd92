"""`python -m dispatcher`: no argument runs the service, `migrate` prepares its schema and ends."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from dispatcher.app import run
from dispatcher.settings import DispatcherSettings
from ensue.postgres.commands import migrate_command
from ensue.runtime.lifecycle import run_service
from ensue.runtime.settings import EXIT_WRONG_INPUT, load_settings

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> int:
    """The exit code."""
    match sys.argv[1:]:
        case []:
            settings = load_settings(DispatcherSettings)
            return run_service(settings, partial(run, settings))
        case ["migrate"]:
            return migrate_command("dispatch", MIGRATIONS)
    sys.stderr.write("usage: python -m dispatcher [migrate]\n")
    return EXIT_WRONG_INPUT


if __name__ == "__main__":
    sys.exit(main())
