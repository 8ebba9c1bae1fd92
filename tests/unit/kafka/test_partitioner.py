"""Our partitioner and that of Kafka's clients are two implementations that must agree."""

from __future__ import annotations

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as client_murmur2
from hypothesis import given
from hypothesis import strategies as st

from ensue.kafka.partitioner import murmur2, partition_of


@given(st.binary(max_size=200), st.integers(1, 64))
def test_a_key_goes_where_the_client_would_put_it(key: bytes, partitions: int) -> None:
    everywhere = list(range(partitions))
    assert murmur2(key) == client_murmur2(key) & 0xFFFFFFFF
    assert partition_of(key, partitions) == DefaultPartitioner()(key, everywhere, everywhere)


@pytest.mark.parametrize(
    ("key", "signed"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536), (b"abc", 479470107)],
)
def test_the_hash_is_that_of_the_java_client(key: bytes, signed: int) -> None:
    """Cases of org.apache.kafka.common.utils.UtilsTest."""
    assert murmur2(key) == signed & 0xFFFFFFFF
