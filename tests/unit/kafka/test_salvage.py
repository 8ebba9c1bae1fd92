"""Reading what the client's parser refuses: the same records, names of headers escaped."""

from __future__ import annotations

import struct

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from ensue.kafka.salvage import parsed

Content = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]
some_bytes = st.none() | st.binary(max_size=40)
content = st.tuples(some_bytes, some_bytes, st.lists(st.tuples(st.text(max_size=10), some_bytes), max_size=4))


@given(batches=st.lists(st.lists(content, min_size=1, max_size=5), min_size=1, max_size=3), tolerant=st.booleans())
def test_ordinary_records_come_out_as_the_client_wrote_them(*, batches: list[list[Content]], tolerant: bool) -> None:
    data, offset, expected = b"", 0, []
    for records in batches:
        data += _batch(records, offset)
        expected += [(offset + index, *record) for index, record in enumerate(records)]
        offset += len(records)
    found = parsed(data, (), 1, tolerant=tolerant)
    assert [(one.offset, one.key, one.value, list(one.headers)) for one in found] == expected[1:]


def test_a_name_that_is_not_text_is_escaped_and_everything_else_stays() -> None:
    data = bytearray(_batch([(b"k", b"v", [("ZZZZ", b"\xff")]), (b"k", b"next", [])], 7))
    begin = data.index(b"ZZZZ")
    data[begin : begin + 2] = b"\xff\xfe"
    _checksum(data)
    with pytest.raises(CorruptRecordException):
        parsed(bytes(data), (), 0, tolerant=False)
    first, second = parsed(bytes(data), (), 0, tolerant=True)
    assert (first.offset, first.key, first.value, list(first.headers)) == (7, b"k", b"v", [("\\xff\\xfeZZ", b"\xff")])
    assert (second.offset, second.value) == (8, b"next")


def test_bytes_that_are_no_records_are_never_taken_for_some() -> None:
    data = bytearray(_batch([(b"k", b"value", [])], 0))
    data[-3] ^= 0xFF
    for tolerant in (False, True):
        with pytest.raises(CorruptRecordException):
            parsed(bytes(data), (), 0, tolerant=tolerant)


def test_a_batch_that_was_cut_off_is_left_for_the_next_fetch() -> None:
    whole, cut = _batch([(b"k", b"1", [])], 0), _batch([(b"k", b"2", [])], 1)[:-4]
    assert [record.value for record in parsed(whole + cut, (), 0, tolerant=True)] == [b"1"]


def test_what_a_transaction_aborted_is_not_read() -> None:
    aborted, other = (_batch([(b"k", b"v", [])], 5, producer=producer) for producer in (77, 78))
    assert [len(parsed(data, [(77, 5)], 0, tolerant=True)) for data in (aborted, other)] == [0, 1]
    assert len(parsed(aborted, [(77, 6)], 0, tolerant=True)) == 1


def _batch(records: list[Content], offset: int, producer: int | None = None) -> bytes:
    """Bytes as a broker gives them: one batch at `offset`; of a transaction, if a producer is given."""
    builder = DefaultRecordBatchBuilder(2, 0, int(producer is not None), -1, -1, 0, 1_000_000)
    for index, (key, value, headers) in enumerate(records):
        builder.append(index, 1_760_000_000_000, key, value, headers)
    if producer is not None:
        builder.set_producer_state(producer, 0, 0)
    data = builder.build()
    struct.pack_into(">q", data, 0, offset)
    return bytes(data)


def _checksum(data: bytearray) -> None:
    struct.pack_into(">I", data, 17, calc_crc32c(bytes(data[21:])))
