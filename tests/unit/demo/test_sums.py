"""A run has settled only when everything in Kafka is recorded, decided and ended; each doubt alone keeps it open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from ensue.kafka.records import IncomingRecord
from ensue.wire.topics import Topic
from ensue_devstack.demo.sums import InKafka, Recorded, Sums, chain_of, identity_of

CHAIN = UUID("6f1d3c4e-2f0b-5a53-9d0e-6b1f5e2c7a10")
RECORDED = Recorded(
    events=12,
    evaluated=12,
    firings=5,
    outcomes=5,
    succeeded=5,
    blocked=0,
    condition_errors=0,
    actions=5,
    webhooks=2,
    emitted_not_recorded=0,
    dead_letters_ever=3,
)
DONE = Sums(published=10, recorded=RECORDED, in_kafka=InKafka(events=12, firings=5, dead_letters=0), dead_before=3)


def test_a_run_without_a_doubt_has_settled_and_agrees() -> None:
    assert DONE.settled
    assert DONE.agree
    assert DONE.dead_letters == 0


@pytest.mark.parametrize(
    "doubt",
    [
        replace(DONE, published=13),
        replace(DONE, recorded=replace(RECORDED, events=11)),
        replace(DONE, recorded=replace(RECORDED, evaluated=11)),
        replace(DONE, recorded=replace(RECORDED, firings=4, outcomes=4)),
        replace(DONE, recorded=replace(RECORDED, outcomes=4)),
        replace(DONE, recorded=replace(RECORDED, emitted_not_recorded=1)),
        replace(DONE, in_kafka=InKafka(events=13, firings=5, dead_letters=0)),
        replace(DONE, in_kafka=InKafka(events=12, firings=6, dead_letters=0)),
    ],
)
def test_any_doubt_keeps_it_open(doubt: Sums) -> None:
    assert not doubt.settled
    assert not doubt.agree


@pytest.mark.parametrize(
    "bad",
    [
        replace(DONE, recorded=replace(RECORDED, succeeded=4)),
        replace(DONE, recorded=replace(RECORDED, blocked=1)),
        replace(DONE, recorded=replace(RECORDED, condition_errors=1)),
        replace(DONE, recorded=replace(RECORDED, dead_letters_ever=4)),
        replace(DONE, in_kafka=InKafka(events=12, firings=5, dead_letters=1)),
    ],
)
def test_a_settled_run_may_still_not_be_what_it_should_be(bad: Sums) -> None:
    assert bad.settled
    assert not bad.agree


def record(*headers: tuple[str, bytes | None]) -> IncomingRecord:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return IncomingRecord(
        topic=Topic.EVENTS, partition=0, offset=0, appended_at=now, key=None, value=None, headers=headers
    )


def test_a_record_names_its_chain_and_itself() -> None:
    named = record(("ce_correlationid", str(CHAIN).encode()), ("ce_source", b"s"), ("ce_id", b"1"))
    assert chain_of(named) == CHAIN
    assert identity_of(named) == (b"s", b"1")


@pytest.mark.parametrize("headers", [(), (("ce_correlationid", None),), (("ce_correlationid", b"nonsense"),)])
def test_a_record_without_a_chain_is_of_none(headers: tuple[tuple[str, bytes | None], ...]) -> None:
    assert chain_of(record(*headers)) is None
