"""Several workers: each with a name and port of its own."""

from __future__ import annotations

from evaluator.settings import EvaluatorSettings
from evaluator.workers import settings_of

SETTINGS = EvaluatorSettings(
    kafka_bootstrap="127.0.0.1:1", database_url="postgres://a@127.0.0.1:1/b", instance="here", metrics_port=9100
)


def test_each_has_a_name_and_a_port_of_its_own() -> None:
    second = settings_of(SETTINGS, 1)
    assert (second.instance, second.metrics_port) == ("here-1", 9101)
    assert settings_of(SETTINGS.model_copy(update={"metrics_port": 0}), 1).metrics_port == 0
