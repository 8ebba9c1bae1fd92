"""Settings: read from ENSUE_ variables, refused by name with what would be right, never showing a secret."""

from __future__ import annotations

from typing import Annotated, ClassVar

import pytest
from pydantic import Field, SecretStr, ValidationError

from ensue.runtime.settings import (
    DatabaseUrl,
    EnsueSettings,
    ServiceSettings,
    describe,
    load_settings,
)

NEEDED = {"ENSUE_KAFKA_BOOTSTRAP": "one:9092,two:9092", "ENSUE_DATABASE_URL": "postgres://api:hush@db:5432/ensue"}


class SampleSettings(ServiceSettings):
    """A service's list."""

    service: ClassVar[str] = "sample"

    workers: int = Field(default=4, ge=1, le=64, description="How many at once.")
    webhook_secret: SecretStr = Field(default=SecretStr("whsec_default"), description="Signs calls.")
    addresses: tuple[str, ...] = Field(default=(), description="Addresses allowed.")
    cautious: bool = Field(default=False, description="Whether to wait.")
    ratio: Annotated[float, Field(ge=0)] = Field(default=0.5, description="A share.")


@pytest.fixture(autouse=True)
def only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SampleSettings.model_fields:
        monkeypatch.delenv(f"ENSUE_{name.upper()}", raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as exit_:
        load_settings(SampleSettings)
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_defaults_fill_what_is_not_given() -> None:
    settings = load_settings(SampleSettings)
    assert (settings.topic_prefix, settings.metrics_port, settings.log_level) == ("", 0, "info")
    assert settings.instance.rpartition("-")[2].isdigit()


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENSUE_WORKERS", "")
    assert load_settings(SampleSettings).workers == 4


def test_settings_never_change() -> None:
    name = "workers"
    with pytest.raises(ValidationError, match="frozen"):
        setattr(load_settings(SampleSettings), name, 5)


@pytest.mark.parametrize(
    ("variable", "value", "right"),
    [
        ("ENSUE_METRICS_PORT", "99999", "a whole number, 0 to 65535"),
        ("ENSUE_METRICS_PORT", "abc", "a whole number, 0 to 65535"),
        ("ENSUE_KAFKA_BOOTSTRAP", "broker", "host:port, several with commas"),
        ("ENSUE_KAFKA_BOOTSTRAP", "a:1,,b:2", "host:port, several with commas"),
        ("ENSUE_KAFKA_BOOTSTRAP", "a:0", "host:port, several with commas"),
        ("ENSUE_KAFKA_BOOTSTRAP", "a:70000", "host:port, several with commas"),
        ("ENSUE_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("ENSUE_DRAIN_SECONDS", "-1", "a number of seconds above 0"),
        ("ENSUE_DRAIN_SECONDS", "inf", "a number of seconds above 0"),
        ("ENSUE_DRAIN_SECONDS", "nan", "a number of seconds above 0"),
        ("ENSUE_TOPIC_PREFIX", "a b", "letters, digits, dot, dash, underscore"),
        ("ENSUE_DEFAULT_TENANT", "a/b", "no slash"),
        ("ENSUE_WORKERS", "65", "a whole number, 1 to 64"),
        ("ENSUE_CAUTIOUS", "perhaps", "true or false"),
        ("ENSUE_RATIO", "-0.5", "a number, at least 0"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(
    variable: str, value: str, right: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)
    said = refused(capsys)
    assert f"{variable}: {value!r} is wrong" in said
    assert right in said


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("ENSUE_KAFKA_BOOTSTRAP")
    monkeypatch.setenv("ENSUE_WORKERS", "none")
    said = refused(capsys)
    assert "ENSUE_KAFKA_BOOTSTRAP is not set; right is: host:port" in said
    assert "ENSUE_WORKERS: 'none' is wrong" in said


@pytest.mark.parametrize(
    "url", ["mysql://api:hush@db/ensue", "postgres://api:hush@db", "postgres://api:hush@db:port/x", "hush"]
)
def test_the_value_of_a_secret_is_never_shown(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENSUE_DATABASE_URL", url)
    said = refused(capsys)
    assert "ENSUE_DATABASE_URL: its value (not shown) is wrong" in said
    assert "hush" not in said


def test_a_list_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENSUE_ADDRESSES", "[1,")
    assert "ENSUE_ADDRESSES" in refused(capsys)


def test_a_url_over_a_socket_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENSUE_DATABASE_URL", "postgresql://api@/ensue?host=/run/postgresql")
    assert load_settings(SampleSettings).database_url.endswith("/run/postgresql")


def test_printing_the_settings_shows_no_secret() -> None:
    assert "hush" not in repr(load_settings(SampleSettings))


def test_the_table_of_settings_has_every_one_with_its_meaning() -> None:
    rows = {row.name: row for row in describe(SampleSettings)}
    assert len(rows) == len(SampleSettings.model_fields)
    assert all(row.meaning and row.type for row in rows.values())
    assert rows["ENSUE_DATABASE_URL"].default is None
    assert (rows["ENSUE_WORKERS"].type, rows["ENSUE_WORKERS"].default) == ("a whole number, 1 to 64", "4")
    assert rows["ENSUE_WEBHOOK_SECRET"].default == "(secret)"
    assert "whsec_default" not in str(rows)


def test_a_list_of_its_own_needs_only_its_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    class AdminSettings(EnsueSettings):
        admin_database_url: DatabaseUrl

    monkeypatch.delenv("ENSUE_KAFKA_BOOTSTRAP")
    monkeypatch.setenv("ENSUE_ADMIN_DATABASE_URL", "postgres://postgres@db/ensue")
    assert load_settings(AdminSettings).admin_database_url == "postgres://postgres@db/ensue"
