"""What no index leads to is shown for each tenant, for a bounded number of them, and forgotten when it is gone."""

from __future__ import annotations

from ensue.runtime.metrics import RULESET_UNINDEXED, Metrics
from evaluator.keeper import MOST_TENANTS, OTHERS, show_unindexed


def shown(metrics: Metrics, tenant: str) -> float:
    return metrics.value(RULESET_UNINDEXED, tenant=tenant)


def test_each_tenant_has_a_gauge_that_goes_when_nothing_is_left() -> None:
    metrics = Metrics()
    before = show_unindexed({"acme": 3, "globex": 1, "initech": 0}, metrics, frozenset())
    assert before == {"acme", "globex"}
    assert (shown(metrics, "acme"), shown(metrics, "globex")) == (3, 1)
    after = show_unindexed({"globex": 2}, metrics, before)
    assert after == {"globex"}
    assert shown(metrics, "globex") == 2
    assert b'tenant="acme"' not in metrics.render()


def test_of_many_tenants_those_with_most_are_shown_and_the_others_as_one() -> None:
    metrics = Metrics()
    counts = {f"tenant-{number}": number for number in range(1, MOST_TENANTS + 4)}
    names = show_unindexed(counts, metrics, frozenset())
    assert len(names) == MOST_TENANTS + 1
    assert shown(metrics, OTHERS) == 1 + 2 + 3
    assert sum(shown(metrics, name) for name in names) == sum(counts.values())
    assert show_unindexed({}, metrics, names) == frozenset()
    assert b"ensue_ruleset_unindexed_triggers{" not in metrics.render()
