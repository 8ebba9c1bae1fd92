"""Trace headers: written by OpenTelemetry's propagator, one on every event, never a second."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from ensue.kafka.records import IncomingRecord
from ensue.kafka.tracing import TraceWriter, context_of
from ensue.testing.clock import FrozenClock
from ensue.wire.topics import OutgoingRecord, Topic

SPAN = SpanContext(0xAF7651916CD43DD8448EB211C80319C0, 0xB7AD6B7169203331, is_remote=False, trace_flags=TraceFlags(1))
OF_SPAN = ("traceparent", b"00-af7651916cd43dd8448eb211c80319c0-b7ad6b7169203331-01")
CARRIED = ("traceparent", b"00-11111111111111111111111111111111-2222222222222222-00")
GARBAGE = ("traceparent", b"\xff nonsense")
OTHER = ("ce_id", b"1")


@pytest.mark.parametrize(
    ("topic", "headers", "in_span", "written"),
    [
        (Topic.EVENTS, (OTHER,), True, (OTHER, OF_SPAN)),
        (Topic.EVENTS, (CARRIED, OTHER, CARRIED), True, (OTHER, OF_SPAN)),
        (Topic.EVENTS, (CARRIED, OTHER, CARRIED), False, (OTHER, CARRIED)),
        (Topic.FIRINGS, (OTHER,), True, (OTHER, OF_SPAN)),
        (Topic.FIRINGS, (OTHER,), False, (OTHER,)),
        (Topic.FIRINGS, (CARRIED, CARRIED), False, (CARRIED,)),
        (Topic.FIRINGS, (GARBAGE, OTHER), False, (OTHER,)),
        (Topic.DEAD, (CARRIED, GARBAGE), True, (CARRIED, GARBAGE)),
    ],
)
def test_the_table(
    *, topic: Topic, headers: tuple[tuple[str, bytes], ...], in_span: bool, written: tuple[tuple[str, bytes], ...]
) -> None:
    record = OutgoingRecord(topic, b"key", b"value", headers)
    with trace.use_span(NonRecordingSpan(SPAN if in_span else trace.INVALID_SPAN_CONTEXT)):
        (traced,) = TraceWriter().traced([record])
    assert (traced.topic, traced.key, traced.value, traced.headers) == (topic, b"key", b"value", written)


class _OneTrace(IdGenerator):
    def generate_trace_id(self) -> int:
        return SPAN.trace_id

    def generate_span_id(self) -> int:
        return SPAN.span_id


HEADERS = st.sampled_from([(), (OTHER,), (CARRIED, OTHER), (GARBAGE,)])  # the same objects, as those of firings
SOME = st.builds(OutgoingRecord, st.sampled_from(Topic), st.just(b"key"), st.sampled_from([b"1", b"2"]), HEADERS)


@example(records=[OutgoingRecord(Topic.FIRINGS, b"", b"", h) for h in ((OTHER,), (GARBAGE,), ())], in_span=False)
@given(records=st.lists(SOME, max_size=8), in_span=st.booleans())
def test_many_are_traced_as_each_alone(*, records: list[OutgoingRecord], in_span: bool) -> None:
    writer = TraceWriter(_OneTrace())
    with trace.use_span(NonRecordingSpan(SPAN if in_span else trace.INVALID_SPAN_CONTEXT)):
        assert writer.traced(records) == [writer.traced([record])[0] for record in records]


@pytest.mark.requirement("R6.3")
@pytest.mark.parametrize("headers", [(), (GARBAGE,)])
def test_an_event_without_a_trace_begins_one(headers: tuple[tuple[str, bytes], ...]) -> None:
    records = [OutgoingRecord(Topic.SYSTEM, b"key", b"value", headers)] * 2
    first, second = TraceWriter().traced(records)
    assert [name for name, _ in first.headers] == ["traceparent"]
    assert first.headers != second.headers


def test_a_handler_can_go_on_with_the_trace_of_a_record() -> None:
    at = FrozenClock().now()
    record = IncomingRecord(Topic.EVENTS, 0, 0, at, None, None, (("traceparent", None), OF_SPAN, GARBAGE))
    found = trace.get_current_span(context_of(record)).get_span_context()
    assert (found.trace_id, found.span_id, found.trace_flags) == (SPAN.trace_id, SPAN.span_id, 1)
    nothing = IncomingRecord(Topic.EVENTS, 0, 0, at, None, None)
    assert not trace.get_current_span(context_of(nothing)).get_span_context().is_valid
