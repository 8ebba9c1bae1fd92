"""W3C trace context on records. Written by OpenTelemetry's propagator alone, and on every event exactly once.

`traced` is called by the publisher for all that it sends; `context_of` by a handler that wants to go on with a trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from ensue.kafka.records import IncomingRecord
from ensue.wire.topics import OutgoingRecord, Topic

Headers = tuple[tuple[str, bytes], ...]

_ROOTS = frozenset({Topic.EVENTS, Topic.SYSTEM})  # an event always has a trace, if need be a new one
_UNTOUCHED = frozenset({Topic.DEAD})  # a dead letter keeps the headers of the record that died


class _HeaderGetter(Getter[Sequence[tuple[str, bytes | None]]]):
    """Reads text headers; of a header that occurs twice the first counts, one that is not text does not."""

    def get(self, carrier: Sequence[tuple[str, bytes | None]], key: str) -> list[str] | None:
        found = [value for name, value in carrier if name == key and value is not None]
        return [found[0].decode("ascii", errors="replace")] if found else None

    def keys(self, carrier: Sequence[tuple[str, bytes | None]]) -> list[str]:
        return [name for name, _ in carrier]


_GETTER = _HeaderGetter()


def context_of(record: IncomingRecord) -> Context:
    """The trace in which the record was sent; an empty context if it names none."""
    return propagate.extract(record.headers, context=Context(), getter=_GETTER)


class TraceWriter:
    """Puts the trace into records about to be sent. `ids` makes the ids of traces that begin here."""

    def __init__(self, ids: IdGenerator | None = None) -> None:
        self._ids = ids or RandomIdGenerator()

    def traced(self, records: Sequence[OutgoingRecord]) -> list[OutgoingRecord]:
        """The same records; each event carries exactly one `traceparent`.

        The trace is that of the current span; without one, that which the record names already (it waited in an
        outbox); without that, for events, a new one.
        """
        fields = propagate.get_global_textmap().fields
        current = _injected(None) if trace.get_current_span().get_span_context().is_valid else ()
        traced: list[OutgoingRecord] = []
        untouched: OutgoingRecord | None = None  # what follows with its very headers, as firings do, is left as well
        for record in records:
            if untouched is None or record.headers is not untouched.headers or record.topic is not untouched.topic:
                made = self._traced(record, current, fields)
                untouched = record if made is record else None
                traced.append(made)
            else:
                traced.append(record)
        return traced

    def _traced(self, record: OutgoingRecord, current: Headers, fields: AbstractSet[str]) -> OutgoingRecord:
        if record.topic in _UNTOUCHED:
            return record
        names_one = any(name in fields for name, _ in record.headers)
        if not current and not names_one and record.topic not in _ROOTS:
            return record
        written = current or (_carried(record) if names_one else ())
        if not written and record.topic in _ROOTS:
            written = _injected(self._new_root())
        kept = tuple(header for header in record.headers if header[0] not in fields)
        return OutgoingRecord(record.topic, record.key, record.value, kept + written)

    def _new_root(self) -> Context:
        span = SpanContext(
            trace_id=self._ids.generate_trace_id(),
            span_id=self._ids.generate_span_id(),
            is_remote=False,
            trace_flags=TraceFlags(TraceFlags.DEFAULT),
        )
        return trace.set_span_in_context(NonRecordingSpan(span), Context())


def _carried(record: OutgoingRecord) -> Headers:
    return _injected(propagate.extract(record.headers, context=Context(), getter=_GETTER))


def _injected(context: Context | None) -> Headers:
    carrier: dict[str, str] = {}
    propagate.inject(carrier, context=context)
    return tuple((name, value.encode("ascii", errors="replace")) for name, value in carrier.items())
