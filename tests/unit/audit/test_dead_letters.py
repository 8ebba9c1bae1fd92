"""Rows of dead letters: whatever lies on the dead topic, there is a row that PostgreSQL takes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.dead_letters import dead_row
from ensue.core.ids import dead_record_id
from ensue.kafka.dead import dead_of_outgoing, dead_record
from ensue.kafka.records import DeadLetter, IncomingRecord
from ensue.testing.clock import FrozenClock
from ensue.wire.topics import OutgoingRecord, Topic

AT = FrozenClock().now()
NAMES = st.sampled_from(
    [
        "ensue-dead-topic",
        "ensue-dead-partition",
        "ensue-dead-offset",
        "ensue-dead-timestamp",
        "ensue-dead-reason",
        "ce_tenant",
        "x",
        "\x00",
    ]
)
HEADERS = st.lists(
    st.tuples(NAMES | st.text(max_size=5), st.none() | st.binary(max_size=20) | st.integers().map(lambda n: b"%d" % n))
)


def on_dead(*headers: tuple[str, bytes | None], value: bytes | None = b"?") -> IncomingRecord:
    """A record as it lies on ensue.dead."""
    return IncomingRecord(Topic.DEAD, 1, 42, AT, b"k", value, headers)


def test_a_letter_of_ours_is_placed_where_the_original_stood() -> None:
    original = IncomingRecord(Topic.SYSTEM, 3, 9, AT, b"k", b"?", (("ce_tenant", b"studio"), ("x", b"1")))
    letter = dead_record(DeadLetter(original, "invalid_json", "no"), "ensue.evaluator")
    at, record_id, tenant, topic, partition, offset, group, reason, message, key, value, headers = dead_row(
        IncomingRecord(Topic.DEAD, 0, 0, AT.replace(year=2027), letter.key, letter.value, letter.headers)
    )
    assert (at, record_id) == (AT, dead_record_id("ensue.system", 3, 9))
    assert (tenant, topic, partition, offset, group) == ("studio", "ensue.system", 3, 9, "ensue.evaluator")
    assert (reason, message, key, value) == ("invalid_json", "no", b"k", b"?")
    assert headers == '[["ce_tenant","studio"],["x","1"]]'


def test_a_record_that_was_never_on_its_topic_keeps_the_number_in_place_of_its_offset() -> None:
    refused = dead_of_outgoing(OutgoingRecord(Topic.FIRINGS, b"k", b"v"), "too large", "g", AT)
    row = dead_row(on_dead(*refused.headers))
    assert row[3:5] == ("ensue.firings", -1)
    assert row[1] == dead_row(on_dead(*refused.headers))[1]


@pytest.mark.parametrize(
    "stamp", [AT.isoformat().encode(), b"1772442000000", b"2026-03-02T10:00:00+01:00", b"2026-03-02T09:00:00Z"]
)
def test_the_time_of_the_original_is_read_in_either_spelling(stamp: bytes) -> None:
    assert dead_row(on_dead(("ensue-dead-timestamp", stamp)))[0] == AT


@pytest.mark.parametrize("stamp", [b"", b"yesterday", b"2026-03-02T09:00:00", b"9" * 40, b"\xff", b"-1"])
def test_a_time_that_is_none_gives_way_to_the_letters_own(stamp: bytes) -> None:
    assert dead_row(on_dead(("ensue-dead-timestamp", stamp)))[0] == AT


def test_without_a_place_the_letters_own_place_names_it() -> None:
    row = dead_row(on_dead(("ensue-dead-topic", b"ensue.events"), ("ensue-dead-offset", b"1e3")))
    assert row[1] == dead_record_id("ensue.dead", 1, 42)
    assert row[3:6] == ("ensue.dead", 1, 42)


@given(headers=HEADERS, key=st.none() | st.binary(), value=st.none() | st.binary())
def test_there_is_a_row_whatever_it_is(
    headers: list[tuple[str, bytes | None]], key: bytes | None, value: bytes | None
) -> None:
    row = dead_row(IncomingRecord(Topic.DEAD, 0, 0, AT, key, value, tuple(headers)))
    for field in row:
        if isinstance(field, str):
            assert "\x00" not in field.encode().decode()
    assert isinstance(row[4], int)
    assert -1 <= row[4] < 2**31
    assert isinstance(row[5], int)
    assert 0 <= row[5] < 2**63
    kept = msgspec.json.decode(str(row[11]))
    assert len(kept) == sum(not name.startswith("ensue-dead-") for name, _ in headers)
    assert all("\x00" not in text for header in kept for text in header if text is not None)
