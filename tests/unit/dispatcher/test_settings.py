"""The dispatcher's settings: what is wrong is named at start, and secrets are never shown."""

from __future__ import annotations

import pytest
from tests.support.receiver import SECRET

from dispatcher.limits import Limits
from dispatcher.settings import DispatcherSettings
from ensue.runtime.settings import load_settings

REQUIRED = {
    "ENSUE_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "ENSUE_DATABASE_URL": "postgres://ensue_dispatcher:pw@127.0.0.1/ensue",
    "ENSUE_WEBHOOK_SECRET": SECRET,
}


def loaded(monkeypatch: pytest.MonkeyPatch, **more: str) -> DispatcherSettings:
    for name, value in {**REQUIRED, **more}.items():
        monkeypatch.setenv(name, value)
    return load_settings(DispatcherSettings)


def test_what_is_not_given_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch)
    assert settings.allowed_addresses == ""
    assert settings.calls_per_target < settings.slots / 8
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENSUE_WEBHOOK_SECRET", "whsec_c2hvcnQ="),
        ("ENSUE_WEBHOOK_SECRET", "hunter2hunter2"),
        ("ENSUE_ALLOWED_ADDRESSES", "10.0.0.0/8,everything"),
        ("ENSUE_SLOTS", "0"),
        ("ENSUE_LEASE_MARGIN_SECONDS", "-1"),
        ("ENSUE_LEASE_MARGIN_SECONDS", "0.5"),
    ],
)
def test_what_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    with pytest.raises(SystemExit) as end:
        loaded(monkeypatch, **{name: value})
    said = capsys.readouterr().err
    assert (end.value.code, name in said) == (2, True)
    if name == "ENSUE_WEBHOOK_SECRET":
        assert value not in said


def test_a_lease_outlives_a_call_that_begins_as_late_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    least = loaded(monkeypatch, ENSUE_LEASE_MARGIN_SECONDS="1")
    assert least.lease_margin_seconds > Limits().begin_within.total_seconds()
