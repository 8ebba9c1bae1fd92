"""Rules in the order in which they fire, those of one tenant and type together. Used by `ruleset`.

A change costs in proportion to itself where it is small, and one sorting where it is large.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Final, TypeAlias

from ensue.core.rule import Rank, Rule

Key: TypeAlias = tuple[str, str]
Chunk: TypeAlias = tuple[Rule, ...]

LONGEST: Final = 512
_FEW: Final = 32  # up to so many changes of one type are put in their places, more are sorted in
_rank = attrgetter("rank")


@dataclass(frozen=True, slots=True)
class SortedRules:
    """Rules by rank, which is one rule's alone, in chunks of at most `longest`: a change copies those that it touches.

    A chunk of less than a quarter of that is joined with its neighbour.
    """

    chunks: tuple[Chunk, ...] = ()
    longest: int = LONGEST

    @classmethod
    def of(cls, rules: Iterable[Rule], longest: int = LONGEST) -> SortedRules:
        """These rules, put in order."""
        return cls(tuple(_cut(sorted(rules, key=_rank), longest)), longest)

    def __iter__(self) -> Iterator[Rule]:
        return chain.from_iterable(self.chunks)

    def __len__(self) -> int:
        return sum(map(len, self.chunks))

    def whole(self) -> Chunk:
        """All of them; of one chunk it takes nothing, of more they are copied."""
        return self.chunks[0] if len(self.chunks) == 1 else tuple(self)

    def changed(self, leaving: Sequence[Rule], joining: Sequence[Rule]) -> SortedRules:
        """Without those that leave and with those that join."""
        if len(leaving) + len(joining) > _FEW:
            gone = {rule.number for rule in leaving}
            return SortedRules.of([*(rule for rule in self if rule.number not in gone), *joining], self.longest)
        chunks = list(self.chunks)
        for rule in leaving:
            at, place = _found(chunks, rule.rank)
            _put(chunks, at, chunks[at][:place] + chunks[at][place + 1 :], self.longest)
        for rule in joining:
            at, place = _found(chunks, rule.rank)
            chunk = chunks[at] if chunks else ()
            _put(chunks, at, (*chunk[:place], rule, *chunk[place:]), self.longest)
        return SortedRules(tuple(chunks), self.longest)

    def replaced(self, anew: Sequence[Rule]) -> SortedRules:
        """Some of them made anew; each keeps its place."""
        if len(anew) > _FEW:
            made = {rule.number: rule for rule in anew}
            chunks = [tuple([made.get(rule.number, rule) for rule in chunk]) for chunk in self.chunks]
            return SortedRules(tuple(chunks), self.longest)
        chunks = list(self.chunks)
        for rule in anew:
            at, place = _found(chunks, rule.rank)
            chunks[at] = (*chunks[at][:place], rule, *chunks[at][place + 1 :])
        return SortedRules(tuple(chunks), self.longest)


def by_key(rules: Iterable[Rule]) -> dict[Key, list[Rule]]:
    """The rules by each tenant and type that they listen to."""
    index: dict[Key, list[Rule]] = {}
    for rule in rules:
        for event_type in dict.fromkeys(rule.trigger.when.types):
            index.setdefault((rule.trigger.tenant, event_type), []).append(rule)
    return index


def _found(chunks: Sequence[Chunk], rank: Rank) -> tuple[int, int]:
    """The chunk in which a rank stands or would stand, and its place there."""
    at = max(0, bisect_right(chunks, rank, key=lambda chunk: chunk[0].rank) - 1)
    return at, bisect_left(chunks[at], rank, key=_rank) if chunks else 0


def _put(chunks: list[Chunk], at: int, rules: Chunk, longest: int) -> None:
    """Put what has become of a chunk in its place, cut where it is too long, joined with a neighbour where short."""
    first, last = at, at + 1
    if 4 * len(rules) < longest and len(chunks) > 1:
        if last < len(chunks):
            rules, last = rules + chunks[last], last + 1
        else:
            rules, first = chunks[at - 1] + rules, at - 1
    chunks[first:last] = _cut(rules, longest)


def _cut(rules: Sequence[Rule], longest: int) -> Iterator[Chunk]:
    """Rules as one chunk where they fit, else as equal ones of at most half the length, so that there is room."""
    count = len(rules)
    pieces = -(-count // (longest // 2)) if count > longest else 1
    size = max(1, -(-count // pieces))
    return (tuple(rules[start : start + size]) for start in range(0, count, size))
