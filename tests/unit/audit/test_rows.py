"""From records to rows: each kind to its query, `at` and `record_id` as their author fixed them."""

from __future__ import annotations

from uuid import UUID

import pytest

from audit.rows import Kind, entry_of, is_dead_lettered_by_others, storable
from ensue.core.event import Event
from ensue.core.ids import event_uid
from ensue.core.lineage import Lineage
from ensue.kafka.records import IncomingRecord
from ensue.postgres.queries import Queries
from ensue.testing.clock import FrozenClock
from ensue.wire.cloudevents import encode_event
from ensue.wire.errors import DecodeError
from ensue.wire.topics import OutgoingRecord, Topic

AT = FrozenClock().now()


def incoming(record: OutgoingRecord, topic: Topic | None = None) -> IncomingRecord:
    """The record as it is read."""
    return IncomingRecord(topic or record.topic, 1, 5, AT, record.key, record.value, record.headers)


def event(source: str = "urn:studio") -> Event:
    """An event."""
    uid = event_uid("studio", source, "1")
    return Event(uid, "studio", "1", source, "variant.approved", Lineage(uid, UUID(int=3), 2), data={"a": [1, 10**40]})


def test_an_event_is_placed_at_its_append_time_under_its_uid() -> None:
    entry = entry_of(incoming(encode_event(event(), Topic.EVENTS)), "default")
    assert entry.kind is Kind.EVENT
    assert entry.row[:3] == (AT, event().event_uid, "studio")
    assert entry.row[12] == f'{{"a":[1,{10**40}]}}'
    assert entry.row[-3:] == ("ensue.events", 1, 5)


def test_our_own_sources_are_believed_on_our_own_topic_only() -> None:
    ours = encode_event(event("ensue://scheduler"), Topic.SYSTEM)
    assert entry_of(incoming(ours), "default").kind is Kind.EVENT
    with pytest.raises(DecodeError):
        entry_of(incoming(ours, Topic.EVENTS), "default")


def test_topics_that_the_audit_does_not_read_are_a_defect() -> None:
    with pytest.raises(ValueError, match=r"ensue\.triggers"):
        entry_of(IncomingRecord(Topic.TRIGGERS, 0, 0, AT, None, None), "default")


def test_who_else_reads_a_topic_sends_its_poison_to_the_dead_letters() -> None:
    assert [topic for topic in Topic if is_dead_lettered_by_others(topic)] == [
        Topic.EVENTS,
        Topic.SYSTEM,
        Topic.FIRINGS,
    ]


def test_every_kind_has_its_query() -> None:
    queries = Queries.load("audit")
    assert {name for name in queries if name.startswith("append_")} == {f"append_{kind}" for kind in Kind}


def test_text_is_made_storable() -> None:
    assert storable("plain") == "plain"
    assert storable("a\x00b") == "a\ufffdb"
