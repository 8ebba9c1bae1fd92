"""Reads records that the client's own parser refuses, so that one of them cannot hold up its partition for ever.

Kafka does not check that a header's name is UTF-8, but the client raises when it is not, and would raise again with
every fetch. Called by `ensue.kafka.consumer` when that happens: the same bytes are fetched once more and read with such
names escaped (`\\xff`). The record then goes to the handler like any other, which may find it wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import SupportsIndex, overload

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, LeaderNotAvailableError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import _DefaultRecordBatchPy

from ensue.kafka.records import RawRecord

_READ_COMMITTED = 1
_WAIT_MS = 100
_LENGTH_BEGINS, _LENGTH_ENDS = 8, 12


class _Tolerant(bytearray):
    """Bytes whose slices, read as text, escape what is not UTF-8. What the pure parser of the client works on."""

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> bytearray: ...
    def __getitem__(self, index: SupportsIndex | slice) -> int | bytearray:
        return _Text(super().__getitem__(index)) if isinstance(index, slice) else super().__getitem__(index)


class _Text(bytearray):
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        del errors
        return super().decode(encoding, "backslashreplace")


async def unreadable(
    client: AIOKafkaConsumer, partition: TopicPartition, offset: int, max_bytes: int
) -> list[RawRecord] | None:
    """The records from `offset` on, if the client's parser does not like them; None if it has nothing against them."""
    data, aborted = await _fetched(client, partition, offset, max_bytes)
    try:
        parsed(data, aborted, offset, tolerant=False)
    except CorruptRecordException:
        return parsed(data, aborted, offset, tolerant=True)
    return None


def parsed(data: bytes, aborted: Sequence[tuple[int, int]], offset: int, *, tolerant: bool) -> list[RawRecord]:
    """The records of the whole batches in `data` from `offset` on. aborted: (producer, first offset) of transactions.

    CorruptRecordException for a header's name that is not UTF-8 (unless tolerant) and for bytes that are no records.
    """
    records: list[RawRecord] = []
    for piece in _batches(data):
        batch = _DefaultRecordBatchPy(piece)
        if not batch.validate_crc():
            raise CorruptRecordException(f"wrong checksum of the batch at {batch.base_offset}")
        gone = any(batch.producer_id == producer and first <= batch.base_offset for producer, first in aborted)
        if batch.is_control_batch or (batch.is_transactional and gone):
            continue
        batch._maybe_uncompress()
        if tolerant:
            batch._buffer = _Tolerant(batch._buffer)
        records += [record for record in batch if record.offset >= offset]
    return records


def _batches(data: bytes) -> Iterator[bytes]:
    """Each batch says how long it is, 8 bytes after its beginning; the last one may have been cut off."""
    begin = 0
    while begin + _LENGTH_ENDS <= len(data):
        end = begin + _LENGTH_ENDS + int.from_bytes(data[begin + _LENGTH_BEGINS : begin + _LENGTH_ENDS], "big")
        if end <= len(data):
            yield data[begin:end]
        begin = end


async def _fetched(
    client: AIOKafkaConsumer, partition: TopicPartition, offset: int, max_bytes: int
) -> tuple[bytes, Sequence[tuple[int, int]]]:
    leader = client._client.cluster.leader_for_partition(partition)
    if leader is None or leader < 0:
        raise LeaderNotAvailableError
    places = [(partition.topic, [(partition.partition, offset, max_bytes)])]
    request = FetchRequest(_WAIT_MS, 1, max_bytes, _READ_COMMITTED, places, rack_id="")
    answer = await client._client.send(leader, request)
    (_, ((_, code, _, *rest),)) = answer.topics[0]
    if code:
        raise for_code(code)
    aborted = rest[2] if answer.API_VERSION >= 11 else rest[-2]
    return rest[-1], aborted or ()
