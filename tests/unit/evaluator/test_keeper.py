"""What no index leads to is shown as a sum and as the most of one tenant and type, and goes when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID

from tests.unit.evaluator.doubles import Table, Topics, rules_of
from tests.unit.evaluator.studio import saved

from ensue.core.json import JsonObject
from ensue.matching.triggers import WORTH_AN_INDEX
from ensue.runtime.metrics import RULESET_UNINDEXED, RULESET_UNINDEXED_WORST, Metrics
from evaluator.keeper import reconcile_regularly, show_unindexed

NAMED: JsonObject = {"field": "data.state", "op": "eq", "value": "draft"}
DENIAL: JsonObject = {"not": NAMED}


def shown(counts: Mapping[tuple[str, str], int], metrics: Metrics) -> tuple[float, float]:
    show_unindexed(counts, metrics)
    return metrics.value(RULESET_UNINDEXED), metrics.value(RULESET_UNINDEXED_WORST)


def test_the_sum_and_the_worst_are_shown_until_nothing_is_left() -> None:
    metrics = Metrics()
    assert shown({("acme", "a"): 3, ("acme", "b"): 2, ("globex", "a"): 1}, metrics) == (6, 3)
    assert shown({}, metrics) == (0, 0)


async def test_what_is_in_force_is_shown_when_keeping_begins() -> None:
    denying = [saved(UUID(int=number), where=DENIAL) for number in range(3)]
    named = [saved(UUID(int=number), where=NAMED) for number in range(3, WORTH_AN_INDEX)]
    rules, metrics = rules_of(Topics(), Table(*denying, *named))
    await rules.load()
    stopping = asyncio.Event()
    stopping.set()
    await reconcile_regularly(rules, stopping, 1.0, metrics)
    assert metrics.value(RULESET_UNINDEXED) == metrics.value(RULESET_UNINDEXED_WORST) == 3
