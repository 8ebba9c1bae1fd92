"""Writes docs/settings.md from the settings classes of the services. Behind `make docs`; checked by a house test.

Exit 0 done, 1 docs/settings.md is out of date (with --check).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic_settings import BaseSettings

from audit.settings import AuditSettings
from dispatcher.settings import DispatcherSettings
from ensue.runtime.settings import ServiceSettings, SettingRow, describe
from ensue_client.settings import ClientSettings
from evaluator.settings import EvaluatorSettings
from trigger_api.settings import ApiSettings, KeySettings, MigrationSettings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"

INTRODUCTION = """\
# Settings

Written by `make docs` from the settings classes; a house test fails when this page is out of date. A service reads its
settings once, at its start. A wrong value ends it with exit code 2 and a message that names the variable and says what
would be right; nothing is started. An empty variable counts as absent.
"""

DEVSTACK = """\
## Development stack

Read by `ensue dev`, `ensue demo` and the tests.

| variable | meaning |
|---|---|
| `KAFKA_BOOTSTRAP` | Use this Kafka instead of starting one. |
| `DATABASE_URL` | Use this PostgreSQL instead of starting one; a superuser's URL. |
| `ENSUE_DEVSTACK` | `processes` (default) or `docker`. |
| `ENSUE_CACHE` | Where what is fetched once is kept; by default `ensue` in the user's cache folder. |
| `ENSUE_KAFKA_JARS` | A folder with Kafka's jars, where they cannot be fetched. |
| `ENSUE_MAVEN_REPOSITORY` | A mirror of Maven Central. |
| `ENSUE_GITHUB_BODIES` | The demo's file of GitHub's webhook bodies, where npm cannot fetch it. |
"""

SECTIONS: tuple[tuple[str, str, type[BaseSettings]], ...] = (
    ("trigger-api", "`python -m trigger_api`", ApiSettings),
    ("evaluator", "`python -m evaluator`", EvaluatorSettings),
    ("dispatcher", "`python -m dispatcher`", DispatcherSettings),
    ("audit", "`python -m audit`", AuditSettings),
    ("Migrations", "`python -m trigger_api|dispatcher|audit migrate`", MigrationSettings),
    ("API keys", "`python -m trigger_api create-key|revoke-key`", KeySettings),
    (
        "Client and command line",
        "`ensue publish|triggers|log|chain`, and programs that use `ensue_client`",
        ClientSettings,
    ),
)


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, _section("Every service", "All four services take these.", describe(ServiceSettings))]
    common = {row.name for row in describe(ServiceSettings)}
    for title, program, settings in SECTIONS:
        inherits = issubclass(settings, ServiceSettings)
        rows = [row for row in describe(settings) if not (inherits and row.name in common)]
        beside = " Beside those of every service:" if inherits else ""
        parts.append(_section(title, f"{program}.{beside}", rows))
    return "\n".join([*parts, DEVSTACK])


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with --check only compare it."""
    parser = argparse.ArgumentParser(description="Write docs/settings.md from the settings classes.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if the page is out of date")
    if parser.parse_args(arguments).check:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        sys.stdout.write("" if current else "docs/settings.md is out of date: run make docs\n")
        return 0 if current else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def _section(title: str, about: str, rows: Sequence[SettingRow]) -> str:
    lines = [f"## {title}", "", about, ""]
    if rows:
        lines += ["| variable | right is | default | meaning |", "|---|---|---|---|", *_table(rows), ""]
    return "\n".join(lines)


def _table(rows: Sequence[SettingRow]) -> Iterator[str]:
    for row in rows:
        default = "must be given" if row.default is None else f"`{row.default}`" if row.default else "(empty)"
        yield f"| `{row.name}` | {row.type} | {default} | {row.meaning} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
