"""What the handler tells beside what it decides: its log lines and its counters."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import structlog
from tests.unit.evaluator.studio import (
    BROKEN,
    EVALUATOR,
    SCENES,
    STUDIO,
    UNREADABLE,
    approved,
    batch,
    firings,
    garbage,
    of,
    receipts,
    trigger,
)

from ensue.core.ruleset import Ruleset
from ensue.kafka.records import Batch, Handled
from ensue.runtime.clock import SystemClock
from ensue.runtime.logs import configure_logs
from ensue.runtime.metrics import CONDITION_ERRORS, EVENTS_EVALUATED, FIRINGS, FIRINGS_BLOCKED, Metrics
from ensue.testing.clock import FrozenClock
from ensue.wire.topics import Topic
from evaluator.evaluate import STEP
from evaluator.handler import MOST_BYTES, EvaluatorHandler


class Fixed:
    """Rules that never change."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset

    @property
    def ruleset(self) -> Ruleset:
        """Always the same."""
        return self._ruleset

    async def catch_up(self) -> None:
        """They are up to date."""


class Laborious(FrozenClock):
    """Whoever looks at it finds that a tenth of a second has gone."""

    def monotonic(self) -> float:
        """A tenth of a second more than the last time."""
        self.advance(timedelta(seconds=0.1))
        return super().monotonic()


RULES = Fixed(Ruleset.empty().apply([trigger(SCENES), trigger(BROKEN, where=UNREADABLE)]))


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Where the log goes."""
    stream = io.StringIO()
    configure_logs("evaluator", "info", stream=stream)
    yield stream
    structlog.reset_defaults()


async def handled(metrics: Metrics) -> Handled:
    """Two good events, one too deep, one that is none."""
    some = batch(of(approved(1)), of(approved(2)), of(approved(3, depth=10)), garbage())
    return await EvaluatorHandler(RULES, EVALUATOR, metrics, SystemClock()).handle([some])


def lines(stream: io.StringIO, event: str) -> list[dict[str, Any]]:
    """The lines that tell of one kind of event."""
    return [line for text in stream.getvalue().splitlines() if (line := json.loads(text))["event"] == event]


async def test_each_firing_has_a_line_with_its_chain(logged: io.StringIO) -> None:
    await handled(Metrics())
    decided = lines(logged, "firing_decided")
    assert [line["correlation_id"] for line in decided] == [str(approved(n).event_uid) for n in (1, 2)]
    assert {(line["tenant"], line["trigger_id"]) for line in decided} == {(STUDIO, str(SCENES))}
    assert len(lines(logged, "firing_blocked")) == 1


async def test_a_condition_that_errs_on_every_event_has_one_line_a_batch(logged: io.StringIO) -> None:
    await handled(Metrics())
    [line] = lines(logged, "condition_erred")
    assert (line["trigger_id"], line["times"]) == (str(BROKEN), 3)
    assert line["error"] == "InvalidValue"
    assert "no_such_operator" not in logged.getvalue()  # nor anything else that an error may quote


async def test_everything_is_counted() -> None:
    metrics = Metrics()
    result = await handled(metrics)
    assert metrics.value(EVENTS_EVALUATED, topic="ensue.events") == 3
    assert metrics.value(FIRINGS, topic="ensue.events") == 2
    assert metrics.value(FIRINGS_BLOCKED, reason="chain_depth") == 1
    assert metrics.value(CONDITION_ERRORS) == 3
    assert len(result.dead) == 1


async def test_heartbeats_go_on_while_a_batch_of_one_partition_takes_long() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(beat())
    some = batch(*(of(approved(number)) for number in range(20)))
    await EvaluatorHandler(RULES, EVALUATOR, Metrics(), Laborious()).handle([some])
    beating.cancel()
    assert beats >= 20


async def test_heartbeats_go_on_while_nobody_listens() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(beat())
    some = batch(*(of(replace(approved(number), type="variant.seen")) for number in range(10 * STEP)))
    await EvaluatorHandler(RULES, EVALUATOR, Metrics(), Laborious()).handle([some])
    beating.cancel()
    assert beats >= 10


async def test_what_follows_is_handed_over_in_parts_whose_receipts_tile_the_batches() -> None:
    """400 KiB of events, each of which 200 triggers want: 80 MiB of firings."""
    wanting = Fixed(Ruleset.empty().apply([trigger(UUID(int=number)) for number in range(1, 201)]))
    events = [of(approved(number, data="x" * 100_000)) for number in range(4)]
    handler = EvaluatorHandler(wanting, EVALUATOR, Metrics(), SystemClock())
    parts: list[Handled] = []
    left: Sequence[Batch] = [batch(*events[:3], missing=5), batch(events[3], first=8, topic=Topic.SYSTEM)]
    while left:
        parts.append(await handler.handle(left))
        left = parts[-1].rest

    assert len(parts) > 1
    assert max(sum(len(one.value or b"") for one in part.records) for part in parts) < MOST_BYTES + 200 * 110_000
    decided = [firing for part in parts for firing in firings(part.records)]
    assert len({firing.firing_id for firing in decided}) == len(decided) == 800
    said = [receipt for part in parts for receipt in receipts(part.records)]
    ranges = [(one.topic, one.first_offset, one.next_offset, one.missing, one.firings) for one in said]
    assert ranges == [
        ("ensue.events", 0, 7, 5, 400),
        ("ensue.events", 7, 8, 0, 200),
        ("ensue.system", 8, 9, 0, 200),
    ]
