"""Every service's outbox is the shared one: its migration contains the text of outbox.sql, unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SNIPPET = (ROOT / "libs/common/src/ensue/postgres/outbox.sql").read_text(encoding="utf-8").strip()
SERVICES_WITH_AN_OUTBOX = ("trigger-api", "dispatcher")


@pytest.mark.parametrize("service", SERVICES_WITH_AN_OUTBOX)
def test_the_migration_contains_the_shared_text(service: str) -> None:
    migrations = list((ROOT / "services" / service).glob("src/*/migrations/*.sql"))
    copies = [path.name for path in migrations if SNIPPET in path.read_text(encoding="utf-8")]
    assert len(copies) == 1, f"{service} must copy outbox.sql, unchanged, into one migration, not into {copies}"


def test_no_other_migration_makes_an_outbox_of_its_own() -> None:
    for path in (ROOT / "services").glob("*/src/*/migrations/*.sql"):
        without_copy = path.read_text(encoding="utf-8").replace(SNIPPET, "")
        assert "TABLE outbox" not in without_copy, path
        assert "TABLE triggers.outbox (" not in without_copy, path
        assert "TABLE dispatch.outbox (" not in without_copy, path
