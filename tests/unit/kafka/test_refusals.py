"""A record is refused for its size exactly where asking for that record alone says so, whatever stands beside it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ensue.kafka.limits import MAX_MESSAGE_BYTES
from ensue.kafka.producer import refusal_for_size, refusals
from ensue.wire.topics import OutgoingRecord, Topic

# The same objects again and again, as firings have theirs.
HEADERS = st.sampled_from(
    [(), (("kind", b"firing"),), (("ü" * 9, b"x" * 200),), (("a", b""),) * 70, (("kind", b"x" * 2**20),)]
)
BEFORE_THE_LIMIT = st.integers(-3, 1500)


@st.composite
def records(draw: st.DrawFn) -> OutgoingRecord:
    """A record about as large as its topic takes, or small."""
    topic = draw(st.sampled_from([Topic.EVENTS, Topic.SIGNALS, Topic.FIRINGS]))
    key = draw(st.sampled_from([None, b"", b"k" * 40]))
    size = draw(st.sampled_from([1000, MAX_MESSAGE_BYTES[topic] - draw(BEFORE_THE_LIMIT)]))
    return OutgoingRecord(topic, key, draw(st.sampled_from([bytes(size), bytes(size), None])), draw(HEADERS))


@given(st.lists(records(), max_size=6))
def test_what_is_refused_is_what_is_too_large(some: list[OutgoingRecord]) -> None:
    alone = [(place, refusal) for place, record in enumerate(some) if (refusal := refusal_for_size(record))]
    found = list(refusals(some))
    assert [(place, refusal.why) for place, refusal in found] == [(place, refusal.why) for place, refusal in alone]
    assert all(refusal.record is some[place] for place, refusal in found)
