"""The settings of trigger-api that have limits of their own."""

from __future__ import annotations

import pytest

from ensue.runtime.settings import load_settings
from trigger_api.settings import ApiSettings

REQUIRED = {
    "ENSUE_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "ENSUE_DATABASE_URL": "postgres://ensue_trigger_api:pw@127.0.0.1/ensue",
}


def loaded(monkeypatch: pytest.MonkeyPatch, **more: str) -> ApiSettings:
    for name, value in {**REQUIRED, **more}.items():
        monkeypatch.setenv(name, value)
    return load_settings(ApiSettings)


@pytest.mark.parametrize(("value", "seconds"), [("0", 0.0), ("1.5", 1.5), ("60", 60.0), ("", 0.0)])
def test_a_skew_of_the_clocks_is_taken(monkeypatch: pytest.MonkeyPatch, value: str, seconds: float) -> None:
    assert loaded(monkeypatch, ENSUE_CLOCK_SKEW_SECONDS=value).clock_skew_seconds == seconds


@pytest.mark.parametrize("value", ["-1", "60.1", "nan", "inf", "2s"])
def test_a_skew_that_is_none_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    with pytest.raises(SystemExit) as end:
        loaded(monkeypatch, ENSUE_CLOCK_SKEW_SECONDS=value)
    assert end.value.code == 2
    assert "ENSUE_CLOCK_SKEW_SECONDS" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "limit"), [("0", 0), ("20", 20), ("", 500)])
def test_a_limit_of_unindexed_triggers_is_taken(monkeypatch: pytest.MonkeyPatch, value: str, limit: int) -> None:
    assert loaded(monkeypatch, ENSUE_MAX_UNINDEXED_TRIGGERS=value).max_unindexed_triggers == limit


@pytest.mark.parametrize("value", ["-1", "1.5", "many", "1000001"])
def test_a_limit_that_is_none_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    with pytest.raises(SystemExit) as end:
        loaded(monkeypatch, ENSUE_MAX_UNINDEXED_TRIGGERS=value)
    assert end.value.code == 2
    assert "ENSUE_MAX_UNINDEXED_TRIGGERS" in capsys.readouterr().err
