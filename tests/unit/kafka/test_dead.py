"""Dead letters keep what died as it was, and their own words within bounds."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ensue.kafka.dead import dead_of_outgoing, dead_record
from ensue.kafka.limits import MAX_MESSAGE_BYTES
from ensue.kafka.producer import refusal_for_size
from ensue.kafka.records import DeadLetter, IncomingRecord
from ensue.wire.topics import OutgoingRecord, Topic

AT = datetime(2026, 3, 2, 9, 0, 0, 123000, tzinfo=UTC)
LIMIT = MAX_MESSAGE_BYTES[Topic.DEAD]
some_bytes = st.none() | st.binary(max_size=30)
some_headers = st.lists(
    st.tuples(st.sampled_from(["ce_id", "ensue-dead-reason", "ensue-dead-older", "x"]), some_bytes), max_size=6
)


@given(some_bytes, some_bytes, some_headers, st.text(max_size=3000))
def test_key_bytes_and_headers_stay_and_ours_replace_what_was_there(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]], message: str
) -> None:
    record = IncomingRecord(Topic.EVENTS, 4, 17, AT, key, value, tuple(headers))
    dead = dead_record(DeadLetter(record, "invalid_json", message), "audit")
    again = dead_record(DeadLetter(IncomingRecord(Topic.EVENTS, 4, 17, AT, key, value, dead.headers), "x", ""), "audit")

    assert (dead.topic, dead.key, dead.value) == (Topic.DEAD, key, value)
    kept = [header for header in dead.headers if not header[0].startswith("ensue-dead-")]
    assert kept == [header for header in headers if not header[0].startswith("ensue-dead-")]
    ours = [name for name, _ in dead.headers if name.startswith("ensue-dead-")]
    assert len(ours) == len(set(ours)) == 7
    assert len(dict(dead.headers)["ensue-dead-message"]) <= 1024
    assert dict(dead.headers)["ensue-dead-message"].decode() in message.encode("utf-8", "replace").decode()
    assert len(again.headers) == len(dead.headers)


@given(st.integers(LIMIT - 2000, LIMIT), st.sampled_from(["value", "header", "key"]))
def test_whatever_its_size_a_dead_letter_fits(size: int, where: str) -> None:
    large = b"x" * size
    record = IncomingRecord(
        Topic.FIRINGS,
        0,
        1,
        AT,
        large if where == "key" else b"key",
        large if where == "value" else b"value",
        (("large", large),) if where == "header" else (),
    )
    dead = dead_record(DeadLetter(record, "invalid_record", "€" * 1000), "dispatcher")
    assert refusal_for_size(dead) is None
    said = dict(dead.headers)
    assert (said["ensue-dead-topic"], said["ensue-dead-offset"]) == (b"ensue.firings", b"1")
    assert len(said["ensue-dead-message"]) <= 1024
    assert said["ensue-dead-message"].decode()


@given(some_bytes, some_bytes)
def test_an_outgoing_record_has_a_place_of_its_own_the_same_each_time(key: bytes | None, value: bytes | None) -> None:
    record = OutgoingRecord(Topic.SYSTEM, key, value)
    first, second = (dict(dead_of_outgoing(record, "too large", "evaluator", AT).headers) for _ in range(2))
    assert first == second
    assert first["ensue-dead-partition"] == b"-1"
    assert 0 <= int(first["ensue-dead-offset"]) < 2**63
    other = OutgoingRecord(Topic.SYSTEM, key, (value or b"") + b"!")
    assert dict(dead_of_outgoing(other, "", "", AT).headers)["ensue-dead-offset"] != first["ensue-dead-offset"]
