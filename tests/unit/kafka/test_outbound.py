"""What a handler returned leaves whole, or the process ends: nothing is lost, nothing is tried for ever."""

from __future__ import annotations

import pytest

from ensue.core.errors import Unavailable
from ensue.kafka.errors import SendDeadlineExceeded
from ensue.kafka.outbound import Outbound
from ensue.kafka.records import DeadLetter, Handled, IncomingRecord
from ensue.runtime.metrics import RECORDS_DEAD_LETTERED, Metrics
from ensue.runtime.publishing import Unpublishable
from ensue.testing.clock import FrozenClock
from ensue.testing.publishing import Failure, RecordingPublisher
from ensue.wire.topics import OutgoingRecord, Topic

FIRING = OutgoingRecord(Topic.FIRINGS, b"key", b"firing")
OTHER = OutgoingRecord(Topic.OUTCOMES, b"key", b"outcome")


async def test_records_and_dead_letters_go_in_one_call() -> None:
    publisher, metrics = RecordingPublisher(), Metrics()
    letter = DeadLetter(_read(b"poison"), "invalid_json", "")
    await Outbound(publisher, "evaluator", metrics, FrozenClock()).publish(Handled([FIRING, OTHER], [letter]))
    assert publisher.calls == [3]
    assert [record.topic for record in publisher.records] == [Topic.FIRINGS, Topic.OUTCOMES, Topic.DEAD]
    assert metrics.value(RECORDS_DEAD_LETTERED, topic="ensue.events", reason="invalid_json") == 1


async def test_much_more_than_one_deadline_allows_leaves_in_portions_and_in_order() -> None:
    publisher = RecordingPublisher()
    many = [OutgoingRecord(Topic.FIRINGS, b"%d" % number, bytes(3 * 1024 * 1024)) for number in range(7)]
    await Outbound(publisher, "evaluator", Metrics(), FrozenClock()).publish(Handled([*many, OTHER]))
    assert publisher.calls == [2, 2, 2, 2]
    assert publisher.records == [*many, OTHER]


async def test_no_ack_ends_the_process() -> None:
    publisher = RecordingPublisher(Failure(Unavailable("no ack"), sent=1))
    with pytest.raises(SendDeadlineExceeded, match="no ack"):
        await Outbound(publisher, "evaluator", Metrics(), FrozenClock()).publish(Handled([FIRING]))


async def test_what_the_broker_refuses_becomes_a_dead_letter_and_the_others_go_again() -> None:
    publisher, metrics = RecordingPublisher(Failure(Unpublishable(OTHER, "too large: refused"), sent=1)), Metrics()
    await Outbound(publisher, "evaluator", metrics, FrozenClock()).publish(Handled([FIRING, OTHER]))
    first, second, dead = publisher.records
    assert first == second == FIRING
    assert (dead.topic, dead.value) == (Topic.DEAD, OTHER.value)
    assert dict(dead.headers)["ensue-dead-topic"] == b"ensue.outcomes"
    assert metrics.value(RECORDS_DEAD_LETTERED, topic="ensue.outcomes", reason="too_large") == 1


async def test_a_refused_dead_letter_goes_without_its_value_and_a_topic_that_takes_nothing_ends_the_process() -> None:
    publisher = RecordingPublisher()
    publisher.max_value_bytes = 3
    outbound = Outbound(publisher, "evaluator", Metrics(), FrozenClock())
    await outbound.publish(Handled(dead=[DeadLetter(_read(b"poison"), "invalid_json", "")]))
    (dead,) = publisher.records
    assert dead.value is None

    publisher.max_value_bytes = -1
    with pytest.raises(SendDeadlineExceeded, match="takes not even"):
        await outbound.publish(Handled(dead=[DeadLetter(_read(b"poison"), "invalid_json", "")]))


def _read(value: bytes) -> IncomingRecord:
    return IncomingRecord(Topic.EVENTS, 0, 7, FrozenClock().now(), b"key", value)
