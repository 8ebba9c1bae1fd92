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
Run: TypeAlias = tuple[Rule, ...]

LONGEST: Final = 512
_FEW: Final = 32  # up to so many changes of one type are put in their places, more are sorted in
_rank = attrgetter("rank")


@dataclass(frozen=True, slots=True)
class Ordered:
    """Rules by rank, which is one rule's alone, in runs of at most LONGEST: a change copies those that it touches."""

    runs: tuple[Run, ...] = ()

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> Ordered:
        """These rules, put in order."""
        return cls(tuple(_cut(sorted(rules, key=_rank))))

    def __iter__(self) -> Iterator[Rule]:
        return chain.from_iterable(self.runs)

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def whole(self) -> Run:
        """All of them; of few it takes nothing."""
        return self.runs[0] if len(self.runs) == 1 else tuple(self)

    def changed(self, leaving: Sequence[Rule], joining: Sequence[Rule]) -> Ordered:
        """Without those that leave and with those that join."""
        if len(leaving) + len(joining) > _FEW:
            gone = {rule.number for rule in leaving}
            return Ordered.of([*(rule for rule in self if rule.number not in gone), *joining])
        runs = list(self.runs)
        for rule in leaving:
            at, place = _found(runs, rule.rank)
            run = runs[at]
            runs[at : at + 1] = _cut(run[:place] + run[place + 1 :])
        for rule in joining:
            at, place = _found(runs, rule.rank)
            run = runs[at] if runs else ()
            runs[at : at + 1] = _cut((*run[:place], rule, *run[place:]))
        return Ordered(tuple(runs))

    def replaced(self, anew: Sequence[Rule]) -> Ordered:
        """Some of them made anew; each keeps its place."""
        if len(anew) > _FEW:
            made = {rule.number: rule for rule in anew}
            return Ordered(tuple(tuple([made.get(rule.number, rule) for rule in run]) for run in self.runs))
        runs = list(self.runs)
        for rule in anew:
            at, place = _found(runs, rule.rank)
            runs[at] = (*runs[at][:place], rule, *runs[at][place + 1 :])
        return Ordered(tuple(runs))


def by_key(rules: Iterable[Rule]) -> dict[Key, list[Rule]]:
    """The rules by each tenant and type that they listen to."""
    index: dict[Key, list[Rule]] = {}
    for rule in rules:
        for event_type in dict.fromkeys(rule.trigger.when.types):
            index.setdefault((rule.trigger.tenant, event_type), []).append(rule)
    return index


def _found(runs: Sequence[Run], rank: Rank) -> tuple[int, int]:
    """The run in which a rank stands or would stand, and its place there."""
    at = max(0, bisect_right(runs, rank, key=lambda run: run[0].rank) - 1)
    return at, bisect_left(runs[at], rank, key=_rank) if runs else 0


def _cut(rules: Sequence[Rule]) -> Iterator[Run]:
    """Rules as runs: as one where they fit, else in halves of one, so that there is room for more."""
    size = LONGEST if len(rules) <= LONGEST else LONGEST // 2
    return (tuple(rules[start : start + size]) for start in range(0, len(rules), size))
