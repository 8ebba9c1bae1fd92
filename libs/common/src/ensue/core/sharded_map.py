"""An immutable map by number that is cheap to succeed, also where it holds a hundred thousand. Used by `ruleset`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final, Generic, TypeVar

Kept = TypeVar("Kept")
SHARDS: Final = 256  # a power of two; numbers should differ in their last bits, as those of UUIDs do


@dataclass(frozen=True, slots=True)
class ShardedMap(Generic[Kept]):
    """What is kept by number. A successor shares every shard that nothing new came into."""

    shards: tuple[Mapping[int, Kept], ...] = ({},) * SHARDS

    def get(self, number: int) -> Kept | None:
        """What has this number."""
        return self.shards[number & SHARDS - 1].get(number)

    def values(self) -> Iterator[Kept]:
        """All of it, in no order."""
        return chain.from_iterable(shard.values() for shard in self.shards)

    def changed(self, new: Mapping[int, Kept]) -> ShardedMap[Kept]:
        """With what is new added, or put in place of what had its number."""
        arriving: dict[int, dict[int, Kept]] = {}
        for number, one in new.items():
            arriving.setdefault(number & SHARDS - 1, {})[number] = one
        shards = list(self.shards)
        for place, some in arriving.items():
            shards[place] = {**shards[place], **some}
        return ShardedMap(tuple(shards))
