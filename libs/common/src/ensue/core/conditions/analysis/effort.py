"""Effort: how much work questions about conditions may still cost, in steps, so that every machine gives up alike.

One `Effort` is shared by all questions of one reading (`findings`, `oddities`); with it spent, the rest is unknown. It
also remembers what a test has been compiled to, and the verdict of a leaf, for each question asks the same again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ensue.core.conditions.leaves import kind_of
from ensue.core.conditions.match import operator_of
from ensue.core.conditions.operator import Operator, ValueTest
from ensue.core.conditions.tree import Leaf, Test
from ensue.core.json import Json

MAX_STEPS: Final = 50_000
_CHARACTERS: Final = 256  # that one step compares
_LEAF: Final = 16  # to ask one without an event
_Read = tuple[Test, Operator, Json]


class EffortSpent(Exception):
    """No question may cost more."""


class Effort:
    """What is left to be spent; one step is about one comparison."""

    __slots__ = ("_left", "_passing", "_read", "_verdicts")

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self._left = steps
        self._read: dict[int, _Read] = {}
        self._passing: dict[int, ValueTest] = {}
        self._verdicts: dict[int, tuple[Leaf, bool | None]] = {}

    @property
    def left(self) -> int:
        """How many steps are left, never less than 0."""
        return max(0, self._left)

    def spend(self, steps: int) -> None:
        """Take so many steps; EffortSpent where they are not there any more, from then on for ever."""
        self._left -= steps
        if self._left < 0:
            raise EffortSpent

    def read(self, test: Test) -> tuple[Operator, Json]:
        """A test's operator and its parsed right-hand side, which is not another field."""
        known = self._read.get(id(test))  # the test is kept beside, so that its id stays its own
        if known is None:
            operator = operator_of(test)
            self.spend(1 + weight_of(test.value))  # type: ignore[arg-type]  # no other field, as was said
            known = self._read[id(test)] = (test, operator, operator.parse(test.value))  # type: ignore[arg-type]  # as above
        return known[1], known[2]

    def passing(self, test: Test, make: Callable[[Json], ValueTest]) -> ValueTest:
        """What `make` makes of a test's right-hand side, made once."""
        known = self._passing.get(id(test))
        if known is None:
            known = self._passing[id(test)] = make(self.read(test)[1])
        return known

    def verdict_of(self, leaf: Leaf) -> bool | None:
        """The verdict that a leaf has on every event; None where it depends on the event, or is not known."""
        known = self._verdicts.get(id(leaf))  # the leaf is kept beside, as a test is
        if known is None:
            kind = kind_of(leaf)
            self.spend(_LEAF)
            known = self._verdicts[id(leaf)] = (leaf, None if kind is None else kind.verdict(leaf))
        return known[1]


def weight_of(value: Json) -> int:
    """About how many steps it takes to look at a value."""
    if isinstance(value, str):
        return len(value) // _CHARACTERS
    if isinstance(value, (list, tuple)):
        return len(value) + sum(len(each) // _CHARACTERS for each in value if isinstance(each, str))
    return 0
