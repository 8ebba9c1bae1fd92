"""Which partition a key belongs to: murmur2 as Kafka's own clients have it, so that every producer agrees.

Called by the publisher, which groups records by partition before it sends them. The hash is that of
org.apache.kafka.common.utils.Utils.murmur2; remembered per key, because keys (a tenant's subject, a trigger) repeat.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF
_POSITIVE: Final = 0x7FFFFFFF


@lru_cache(maxsize=65536)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` on a topic that has this many."""
    return (murmur2(key) & _POSITIVE) % partitions


def murmur2(data: bytes) -> int:
    """The 32-bit murmur2 hash, unsigned."""
    words, rest = divmod(len(data), 4)
    h = _SEED ^ len(data)
    for k in struct.unpack_from(f"<{words}I", data):
        k = (k * _M) & _MASK  # noqa: PLW2901 - one mixing step after the other, as in the original
        h = (h * _M & _MASK) ^ ((k ^ k >> 24) * _M & _MASK)
    if rest:
        h = (h ^ int.from_bytes(data[-rest:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15
