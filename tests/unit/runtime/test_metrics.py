"""Metrics: declared once, wrong use fails loudly, rendered as Prometheus reads it."""

from __future__ import annotations

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ensue.runtime import metrics as catalogue
from ensue.runtime.instruments import Counter, Gauge, Histogram, Instrument
from ensue.runtime.metrics import CATALOGUE, CONSUMER_LAG, EVENTS_EVALUATED, HTTP_SECONDS, OUTBOX_PENDING, Metrics

IDENTIFYING = {"tenant", "trigger_id", "firing_id", "event_uid", "event_id", "correlation_id", "url", "instance"}


def test_what_is_counted_set_and_observed_is_rendered() -> None:
    metrics = Metrics()
    metrics.inc(EVENTS_EVALUATED, 3, topic="ensue.events")
    metrics.inc(EVENTS_EVALUATED, topic="ensue.events")
    metrics.set(CONSUMER_LAG, 12, topic="ensue.events", partition=0)
    metrics.observe(HTTP_SECONDS, 0.02, method="GET", route="/api/v1/triggers")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }
    assert samples["ensue_events_evaluated_total", (("topic", "ensue.events"),)] == 4
    assert samples["ensue_consumer_lag_records", (("partition", "0"), ("topic", "ensue.events"))] == 12
    labels = (("le", "0.025"), ("method", "GET"), ("route", "/api/v1/triggers"))
    assert samples["ensue_http_request_seconds_bucket", labels] == 1
    assert any(name == "process_resident_memory_bytes" for name, _ in samples)


def test_two_processes_worth_of_metrics_do_not_mix() -> None:
    one, other = Metrics(), Metrics()
    one.inc(EVENTS_EVALUATED, topic="ensue.events")
    assert one.value(EVENTS_EVALUATED, topic="ensue.events") == 1
    assert other.value(EVENTS_EVALUATED, topic="ensue.events") == 0


@pytest.mark.parametrize("labels", [{}, {"topics": "x"}, {"topic": "x", "partition": 1}])
def test_wrong_labels_fail_loudly(labels: dict[str, str | int]) -> None:
    with pytest.raises(ValueError, match=r"ensue_events_evaluated_total has the labels \('topic',\)"):
        Metrics().inc(EVENTS_EVALUATED, 1, **labels)


def test_a_metric_that_was_not_declared_fails_loudly() -> None:
    with pytest.raises(ValueError, match="is not declared"):
        Metrics().inc(Counter("ensue_secret_total", "Declared nowhere."))


def test_a_counter_does_not_go_down() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        Metrics().inc(EVENTS_EVALUATED, -1, topic="x")


def test_a_forgotten_gauge_is_no_longer_shown() -> None:
    metrics = Metrics()
    metrics.set(OUTBOX_PENDING, 5, schema="triggers")
    metrics.forget(OUTBOX_PENDING, schema="triggers")
    assert b'schema="triggers"' not in metrics.render()


def test_no_two_metrics_share_a_name_and_every_constant_is_in_the_catalogue() -> None:
    declared = [value for value in vars(catalogue).values() if isinstance(value, Instrument)]
    assert len({instrument.name for instrument in CATALOGUE}) == len(CATALOGUE) == len(declared)


@pytest.mark.parametrize("instrument", CATALOGUE, ids=lambda instrument: str(instrument.name))
def test_every_metric_follows_the_conventions(instrument: Instrument) -> None:
    assert not set(instrument.labels) & IDENTIFYING, "labels are small closed sets"
    assert instrument.help.endswith(".")
    if isinstance(instrument, Gauge):
        assert re.search(r"_(records|seconds|bytes|triggers)$", instrument.name), "a gauge ends in its unit"


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Counter("ensue_things", "x"),
        lambda: Counter("things_total", "x"),
        lambda: Counter("ensue_Things_total", "x"),
        lambda: Gauge("ensue_things_total", "x"),
        lambda: Histogram("ensue_wait", "x"),
        lambda: Histogram("ensue_wait_seconds", "x", buckets=(2.0, 1.0)),
        lambda: Histogram("ensue_wait_seconds", "x", buckets=()),
        lambda: Counter("ensue_things_total", "x", ("Topic",)),
        lambda: Counter("ensue_things_total", "x", ("topic", "topic")),
    ],
)
def test_a_wrongly_named_metric_cannot_be_declared(declare: object) -> None:
    assert callable(declare)
    with pytest.raises(ValueError, match=r"ensue_|things"):
        declare()
