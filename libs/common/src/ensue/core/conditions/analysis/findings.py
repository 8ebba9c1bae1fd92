"""Findings: what is odd about one condition, or about two triggers together. Shown at save and by `ensue check`.

An error only where no event could ever match; everything else is a warning. Pointers lead into the condition as it is
written in documents (`/all/0/not`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ensue.core.conditions.analysis.answers import Answer, Reading, always_matches, contradiction_in, implies
from ensue.core.conditions.analysis.effort import Effort
from ensue.core.conditions.keys import AllOf, AnyOf, Lookup, Needed, NotEquals, Present
from ensue.core.conditions.needed import needed
from ensue.core.conditions.tree import All, Any, Condition, Not, Test

MAX_QUESTIONS: Final = 100
Why = Callable[[Condition], str | None]


class Level(StrEnum):
    """Whether something must be put right or only looked at."""

    ERROR = "error"
    WARNING = "warning"


class Oddity(StrEnum):
    """What is odd."""

    NEVER_TRUE = "never_true"
    ONLY_WITH_ARRAYS = "only_with_arrays"
    ALWAYS_TRUE = "always_true"
    UNREACHABLE = "unreachable"
    ADDS_NOTHING = "adds_nothing"
    UNINDEXED = "unindexed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one place of a condition."""

    pointer: str
    oddity: Oddity
    message: str

    @property
    def level(self) -> Level:
        """Only what can never be true is an error."""
        return Level.ERROR if self.oddity is Oddity.NEVER_TRUE else Level.WARNING


def findings_of(condition: Condition, effort: Effort | None = None, why: Why | None = None) -> tuple[Finding, ...]:
    """Everything odd about a condition, the whole of it first; what would cost more than the effort is not told.

    why: says why an index does not lead to a condition; who has a real index knows better than `why_unindexed`.
    """
    effort = effort or Effort()
    whole = _of_whole(condition, effort)
    if whole is not None and whole.oddity is not Oddity.ONLY_WITH_ARRAYS:
        return (whole,)
    found = [whole] if whole is not None else []
    found.extend(_Branches(effort).read(condition, "", ()))
    reason = (why or why_unindexed)(condition)
    if reason is not None:
        found.append(Finding("", Oddity.UNINDEXED, f"is asked about every event of its type: {reason}"))
    return tuple(found)


def never_true(condition: Condition, effort: Effort | None = None) -> Finding | None:
    """The one finding that is an error, alone."""
    return _never(contradiction_in(condition, effort or Effort()))


def _never(reading: Reading) -> Finding | None:
    if reading.answer is not Answer.NO:
        return None
    return Finding("", Oddity.NEVER_TRUE, "can never be true: its tests exclude each other")


def _of_whole(condition: Condition, effort: Effort) -> Finding | None:
    reading = contradiction_in(condition, effort)
    never = _never(reading)
    if never is not None:
        return never
    if reading.only_with_arrays:
        message = "is true only where a field holds an array with several values; for single values its tests exclude"
        return Finding("", Oddity.ONLY_WITH_ARRAYS, f"{message} each other")
    if condition != All(()) and always_matches(condition, effort):
        return Finding("", Oddity.ALWAYS_TRUE, "is true for every event")
    return None


class _Branches:
    """Reads the members of `all` and `any` in their surroundings; asks at most MAX_QUESTIONS questions."""

    def __init__(self, effort: Effort) -> None:
        self._left = MAX_QUESTIONS
        self._effort = effort

    def read(self, condition: Condition, pointer: str, around: tuple[Condition, ...]) -> Iterator[Finding]:
        """Findings about the branches of a condition that stands beside `around`, all of which hold where it counts."""
        match condition:
            case All(members):
                for index, member in enumerate(members):
                    beside = (*around, *members[:index], *members[index + 1 :])
                    yield from self.read(member, f"{pointer}/all/{index}", beside)
            case Any(members):
                yield from self._any(members, f"{pointer}/any", around)
            case Not(member):
                yield from self.read(member, f"{pointer}/not", ())

    def _any(self, members: Sequence[Condition], pointer: str, around: tuple[Condition, ...]) -> Iterator[Finding]:
        for index, member in enumerate(members):
            place = f"{pointer}/{index}"
            if self._may_ask() and contradiction_in(All((*around, member)), self._effort).answer is Answer.NO:
                yield Finding(place, Oddity.UNREACHABLE, "can never be true here")
                continue
            wider = self._wider(member, members[:index])
            if wider is not None:
                message = f"adds nothing: wherever it is true, branch {wider} is too"
                yield Finding(place, Oddity.ADDS_NOTHING, message)
                continue
            yield from self.read(member, place, around)

    def _wider(self, member: Condition, others: Sequence[Condition]) -> int | None:
        return next(
            (i for i, other in enumerate(others) if self._may_ask() and implies(member, other, self._effort)), None
        )

    def _may_ask(self) -> bool:
        self._left -= 1
        return self._left >= 0


def why_unindexed(condition: Condition) -> str | None:
    """Why no index can tell which events the condition is for; None where one can."""
    if condition == All(()):
        return None
    if _is_selective(needed(condition)):
        return None
    return _reason(condition)


def _is_selective(what: Needed | None) -> bool:
    match what:
        case None:
            return False
        case Lookup(_, keys):
            return not isinstance(keys, (Present, NotEquals))
        case AllOf(members):
            return any(_is_selective(member) for member in members)
        case AnyOf(members):
            return all(_is_selective(member) for member in members)


def _reason(condition: Condition) -> str:
    match condition:
        case Not():
            return "it denies something, and an index finds what is there"
        case Any(members):
            alone = next((member for member in members if not _is_selective(needed(member))), None)
            return "it has no branch" if alone is None else f"a branch of any cannot be looked up ({_reason(alone)})"
        case All(members):
            return _reason(members[0]) if len(members) == 1 else "none of its tests names values that can be looked up"
        case Test():
            return f"{condition.operator} names no values that can be looked up"
    return "an expression says nothing to an index"
