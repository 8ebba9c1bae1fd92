"""`migrate` of a service: what it says and its exit code. With servers: tests/integration/postgres."""

from __future__ import annotations

from pathlib import Path

import pytest

from ensue.postgres.commands import MigrationSettings, migrate_command
from ensue.runtime.settings import describe

VARIABLE = "ENSUE_ADMIN_DATABASE_URL"


def test_a_missing_address_is_named_and_is_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(SystemExit) as exit_:
        migrate_command("triggers", tmp_path)
    assert exit_.value.code == 2
    assert f"{VARIABLE} is not set" in capsys.readouterr().err


def test_a_server_that_is_away_is_exit_3_and_shows_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "postgres://postgres:hush@127.0.0.1:1/ensue")
    assert migrate_command("triggers", tmp_path) == 3
    said = capsys.readouterr()
    assert "PostgreSQL does not answer" in said.err
    assert "hush" not in said.err + said.out


def test_its_settings_are_described_without_secrets() -> None:
    rows = {row.name: row for row in describe(MigrationSettings)}
    assert rows[VARIABLE].default is None
    assert rows["ENSUE_ROLE_PASSWORD"].meaning
