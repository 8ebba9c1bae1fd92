# ruff: noqa: ANN401  # a mask is what its `Bitsets` makes of it
"""Sets of positions as bits: Python integers while they are few, numpy words above. Used by `bitmaps`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Flags: TypeAlias = NDArray[np.bool_]
MOST_IN_INTEGER: Final = 2048


class Bitsets(Protocol):
    """What both representations can do. A mask is opaque to the caller."""

    def pack(self, flags: Flags) -> Any:
        """The mask of the positions that are true."""

    def common(self, masks: Sequence[Any], without: Sequence[NDArray[np.int64]]) -> Iterable[int]:
        """The positions in every mask (at least one) and in none of `without`."""

    def union(self, masks: Sequence[Any]) -> Any:
        """The positions in any mask (at least one)."""


def bitsets(size: int) -> Bitsets:
    """The representation that is fastest for `size` positions."""
    return Integers() if size <= MOST_IN_INTEGER else Words(size)


class Integers:
    """A mask is an integer."""

    def pack(self, flags: Flags) -> int:
        return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")

    def common(self, masks: Sequence[int], without: Sequence[NDArray[np.int64]]) -> list[int]:
        rest = masks[0]
        for mask in masks:
            rest &= mask
        found: list[int] = []
        while rest:
            lowest = rest & -rest
            found.append(lowest.bit_length() - 1)
            rest ^= lowest
        if without:
            gone = {int(position) for each in without for position in each}
            return [position for position in found if position not in gone]
        return found

    def union(self, masks: Sequence[int]) -> int:
        whole = 0
        for mask in masks:
            whole |= mask
        return whole


class Words:
    """A mask is an array of 64-bit words."""

    def __init__(self, size: int) -> None:
        self._words = -(-size // 64)
        self._scratch = np.empty(self._words, np.uint64)

    def pack(self, flags: Flags) -> NDArray[np.uint64]:
        padded = np.zeros(self._words * 8, np.uint8)
        packed = np.packbits(flags, bitorder="little")
        padded[: len(packed)] = packed
        return padded.view(np.uint64)

    def common(self, masks: Sequence[NDArray[np.uint64]], without: Sequence[NDArray[np.int64]]) -> list[int]:
        rest = masks[0]
        if len(masks) > 1:
            rest = np.bitwise_and(rest, masks[1], out=self._scratch)
            for mask in masks[2:]:
                np.bitwise_and(rest, mask, out=rest)
        found: list[int] = []
        places = rest.nonzero()[0]
        for index, word in zip(places.tolist(), rest[places].tolist(), strict=True):
            base, rest_of_word = index << 6, word
            while rest_of_word:
                lowest = rest_of_word & -rest_of_word
                found.append(base + lowest.bit_length() - 1)
                rest_of_word ^= lowest
        if without:
            gone = set(np.concatenate(without).tolist())
            return [position for position in found if position not in gone]
        return found

    def union(self, masks: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
        whole: NDArray[np.uint64] = np.bitwise_or.reduce(np.stack(masks))
        return whole
