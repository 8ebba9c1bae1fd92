"""Shelves: an immutable map by number, cheap to succeed also where it holds a hundred thousand. Used by `ruleset`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final, Generic, TypeVar

Kept = TypeVar("Kept")
COUNT: Final = 256  # a power of two; numbers should differ in their last bits, as those of UUIDs do


@dataclass(frozen=True, slots=True)
class Shelves(Generic[Kept]):
    """What is kept by number. A successor shares every shelf that nothing new was put on."""

    _shelves: tuple[dict[int, Kept], ...] = ({},) * COUNT

    def get(self, number: int) -> Kept | None:
        """What has this number."""
        return self._shelves[number & COUNT - 1].get(number)

    def values(self) -> Iterator[Kept]:
        """All of it, in no order."""
        return chain.from_iterable(shelf.values() for shelf in self._shelves)

    def changed(self, new: Mapping[int, Kept]) -> Shelves[Kept]:
        """With what is new added, or put in place of what had its number."""
        arriving: dict[int, dict[int, Kept]] = {}
        for number, one in new.items():
            arriving.setdefault(number & COUNT - 1, {})[number] = one
        shelves = list(self._shelves)
        for shelf, some in arriving.items():
            shelves[shelf] = {**shelves[shelf], **some}
        return Shelves(tuple(shelves))
