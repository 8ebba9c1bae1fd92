"""Every metric of Ensue, declared once as a constant, and `Metrics`, which holds their values for one process.

Appended to by whoever needs a metric; used by the adapters and services as `metrics.inc(EVENTS_EVALUATED, topic=...)`;
rendered by `ensue.runtime.health` at `/metrics`. One unit and one quantity a metric; labels are small closed sets.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client import Counter as PrometheusCounter
from prometheus_client import Gauge as PrometheusGauge
from prometheus_client import Histogram as PrometheusHistogram
from prometheus_client.exposition import generate_latest

from ensue.runtime.instruments import Counter, Gauge, Histogram, Instrument

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_END_TO_END = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_WEBHOOK = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0)
_SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)

# Consuming.
RECORDS_CONSUMED: Final = Counter("ensue_records_consumed_total", "Records handed to the handler.", ("topic",))
RECORDS_DEAD_LETTERED: Final = Counter(
    "ensue_records_dead_lettered_total", "Records that could not be understood.", ("topic", "reason")
)
CONSUMER_LAG: Final = Gauge("ensue_consumer_lag_records", "Records not yet handled.", ("topic", "partition"))
EVENT_AGE: Final = Histogram(
    "ensue_event_age_seconds", "Append time of a record to its handling.", ("topic",), _END_TO_END
)
OFFSETS_MISSING: Final = Counter(
    "ensue_offsets_missing_total", "Offsets that the broker no longer had when they were due: a gap.", ("topic",)
)
OFFSET_COMMITS: Final = Counter("ensue_offset_commits_total", "Offset commits accepted.")
OFFSET_COMMITS_REJECTED: Final = Counter(
    "ensue_offset_commits_rejected_total", "Offset commits refused or dropped: the assignment had changed."
)
REBALANCES: Final = Counter("ensue_rebalances_total", "Assignments received by this consumer.")
BATCH_SIZE: Final = Histogram("ensue_batch_records", "Records in one handled batch.", (), _SIZES)
BATCH_SECONDS: Final = Histogram("ensue_batch_seconds", "Fetch to commit of one batch.", (), _END_TO_END)
HANDLER_RETRIES: Final = Counter(
    "ensue_handler_retries_total", "Batches handled again because an outside server was away."
)

# Producing.
RECORDS_PUBLISHED: Final = Counter("ensue_records_published_total", "Records acknowledged by Kafka.", ("topic",))
PUBLISH_FAILURES: Final = Counter(
    "ensue_publish_failures_total", "Publish calls that were not acknowledged.", ("reason",)
)
PUBLISH_SECONDS: Final = Histogram("ensue_publish_seconds", "Send to acknowledgement.", (), _END_TO_END)
PRODUCER_REBUILDS: Final = Counter("ensue_producer_rebuilds_total", "Producers closed and built anew.")

# Evaluating.
EVENTS_EVALUATED: Final = Counter("ensue_events_evaluated_total", "Events decided.", ("topic",))
FIRINGS: Final = Counter("ensue_firings_total", "Firings produced.", ("topic",))
FIRINGS_BLOCKED: Final = Counter("ensue_firings_blocked_total", "Matches that must not run.", ("reason",))
CONDITION_ERRORS: Final = Counter("ensue_condition_errors_total", "Conditions that erred on an event.")
EVALUATION_SECONDS: Final = Histogram("ensue_evaluation_seconds", "Decision of one batch.", (), _FAST)
RULESET_TRIGGERS: Final = Gauge("ensue_ruleset_triggers", "Triggers in the ruleset in force.")
RULESET_CHANGES: Final = Counter("ensue_ruleset_changes_total", "Trigger changes applied.", ("source",))
RULESET_REFRESH_SECONDS: Final = Histogram(
    "ensue_ruleset_refresh_seconds", "Catching up with the trigger topic before a batch.", (), _FAST
)
RULESET_REPAIRS: Final = Counter(
    "ensue_ruleset_repairs_total", "Triggers that the reconciliation with the database had to mend."
)
RULESET_UNUSABLE: Final = Gauge(
    "ensue_ruleset_unusable_triggers", "Triggers not loaded: this evaluator cannot read their newest revision."
)
RULESET_UNINDEXED: Final = Gauge(
    "ensue_ruleset_unindexed_triggers",
    "Enabled triggers that no index leads to, once for each type that they and 15 others or more listen to.",
)
RULESET_UNINDEXED_WORST: Final = Gauge(
    "ensue_ruleset_unindexed_worst_triggers", "Of these, the most of one tenant and type; the log names them."
)
RULESET_DATABASE_FAILURES: Final = Counter(
    "ensue_ruleset_database_failures_total", "Times the ruleset could not be read from the database; the topic serves."
)

# Dispatching.
INTAKE_FIRINGS: Final = Counter("ensue_intake_firings_total", "Firings taken in.")
INTAKE_DUPLICATES: Final = Counter("ensue_intake_duplicates_total", "Firings met again and not taken in twice.")
ACTIONS_CLAIMED: Final = Counter("ensue_actions_claimed_total", "Attempts begun.", ("kind",))
ACTIONS_ENDED: Final = Counter("ensue_actions_ended_total", "Actions that ended, by how.", ("kind", "status"))
ACTIONS_RETRIED: Final = Counter("ensue_actions_retried_total", "Attempts that failed and are tried again.", ("kind",))
ATTEMPTS_UNKNOWN: Final = Counter(
    "ensue_attempts_unknown_total", "Attempts whose lease ran out: nobody knows how they ended.", ("kind",)
)
FENCE_REJECTED: Final = Counter("ensue_fence_rejected_total", "Results refused because the lease had passed on.")
OUTCOMES: Final = Counter("ensue_outcomes_total", "Terminal outcomes of firings.", ("status",))
WEBHOOK_SECONDS: Final = Histogram(
    "ensue_webhook_seconds", "One webhook call, by class of its answer.", ("result",), _WEBHOOK
)
FIRING_TO_ATTEMPT_SECONDS: Final = Histogram(
    "ensue_firing_to_attempt_seconds", "Append time of the event to its action's first attempt.", (), _END_TO_END
)

# Outbox.
OUTBOX_PENDING: Final = Gauge("ensue_outbox_pending_records", "Rows waiting to be relayed.", ("schema",))
OUTBOX_OLDEST_AGE: Final = Gauge("ensue_outbox_oldest_age_seconds", "Age of the oldest waiting row.", ("schema",))
OUTBOX_RELAYED: Final = Counter("ensue_outbox_relayed_total", "Rows relayed.", ("schema",))
OUTBOX_FAILED: Final = Counter("ensue_outbox_failed_total", "Rows set aside: they can never be sent.", ("schema",))
OUTBOX_RELAY_ERRORS: Final = Counter(
    "ensue_outbox_relay_errors_total", "Relay rounds that failed because a server was away.", ("schema",)
)

# Audit.
AUDIT_ROWS: Final = Counter("ensue_audit_rows_total", "Rows appended.", ("kind",))
AUDIT_DUPLICATES: Final = Counter("ensue_audit_duplicates_total", "Rows met again and not appended twice.", ("kind",))
AUDIT_PASSED_OVER: Final = Counter(
    "ensue_audit_passed_over_total", "Records that could not be appended.", ("topic", "reason")
)

# HTTP.
HTTP_REQUESTS: Final = Counter(
    "ensue_http_requests_total", "Requests answered, by route template.", ("method", "route", "status")
)
HTTP_SECONDS: Final = Histogram("ensue_http_request_seconds", "Time to answer.", ("method", "route"))

CATALOGUE: Final[tuple[Instrument, ...]] = tuple(
    value for value in tuple(globals().values()) if isinstance(value, Instrument)
)

_Collector = PrometheusCounter | PrometheusGauge | PrometheusHistogram


class Metrics:
    """The values of one process's metrics, in a registry of their own. Not shared between processes."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._collectors: dict[str, tuple[Instrument, _Collector]] = {}
        for instrument in CATALOGUE:
            self._collectors[instrument.name] = (instrument, self._build(instrument))

    def inc(self, counter: Counter, amount: float = 1, /, **labels: str | int) -> None:
        """Add to a counter."""
        child = self._child(counter, labels)
        assert isinstance(child, PrometheusCounter)  # noqa: S101 - narrows for the type checker
        child.inc(amount)

    def set(self, gauge: Gauge, value: float, /, **labels: str | int) -> None:
        """Set a gauge."""
        child = self._child(gauge, labels)
        assert isinstance(child, PrometheusGauge)  # noqa: S101 - narrows for the type checker
        child.set(value)

    def observe(self, histogram: Histogram, value: float, /, **labels: str | int) -> None:
        """Record one observation."""
        child = self._child(histogram, labels)
        assert isinstance(child, PrometheusHistogram)  # noqa: S101 - narrows for the type checker
        child.observe(value)

    def forget(self, gauge: Gauge, /, **labels: str | int) -> None:
        """Stop showing a gauge for these labels (for example: a partition that was given away)."""
        collector = self._collector(gauge, labels)
        collector.remove(*(str(labels[name]) for name in gauge.labels))

    def value(self, instrument: Counter | Gauge, /, **labels: str | int) -> float:
        """What a counter or gauge stands at; 0 where it was never touched. Read by tests and by health checks."""
        self._collector(instrument, labels)
        suffix_free = {name: str(value) for name, value in labels.items()}
        return self._registry.get_sample_value(instrument.name, suffix_free) or 0.0

    def render(self) -> bytes:
        """All metrics in the Prometheus text format."""
        return generate_latest(self._registry)

    def _child(self, instrument: Instrument, labels: dict[str, str | int]) -> _Collector:
        collector = self._collector(instrument, labels)
        return collector.labels(**labels) if instrument.labels else collector

    def _collector(self, instrument: Instrument, labels: dict[str, str | int]) -> _Collector:
        if set(labels) != set(instrument.labels):
            raise ValueError(f"{instrument.name} has the labels {instrument.labels}, not {tuple(labels)}")
        declared, collector = self._collectors.get(instrument.name, (None, None))
        if declared != instrument or collector is None:
            raise ValueError(f"{instrument.name} is not declared in ensue.runtime.metrics")
        return collector

    def _build(self, instrument: Instrument) -> _Collector:
        name, text, labels = instrument.name, instrument.help, instrument.labels
        match instrument:
            case Counter():
                return PrometheusCounter(name, text, labels, registry=self._registry)
            case Gauge():
                return PrometheusGauge(name, text, labels, registry=self._registry)
            case Histogram():
                return PrometheusHistogram(name, text, labels, registry=self._registry, buckets=instrument.buckets)
        raise ValueError(f"{name} is neither a counter, a gauge nor a histogram")
