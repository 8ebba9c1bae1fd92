"""Findings: what is odd about one condition, or about two triggers together. Shown at save and by `ensue check`.

An error only where no event could ever match; everything else is a warning. Pointers lead into the condition as it is
written in documents (`/all/0/not`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ensue.core.conditions.analysis.answers import Answer, always_matches, contradiction_in, implies
from ensue.core.conditions.analysis.effort import Effort, EffortSpent
from ensue.core.conditions.dialects.pattern_tree import AnythingBut, Cidr, Matcher, is_scalar
from ensue.core.conditions.keys import AllOf, AnyOf, Lookup, Matched, Needed, NotEquals, Present
from ensue.core.conditions.needed import needed
from ensue.core.conditions.tree import ALWAYS, All, Any, Condition, Leaf, Not, Pattern, Test

MAX_QUESTIONS: Final = 100
Why = Callable[[Condition], str | None]
_UNHEARD: Final = ": the trigger listens to no such event"
_NEEDLESS: Final = (
    "left out, the trigger fires on the same events and does not count towards the limit of such triggers"
)
_ONLY_WITH_ARRAYS: Final = (
    "is true only where a field holds an array with several values; for single values its tests exclude each other"
)


class Level(StrEnum):
    """Whether something must be put right or only looked at."""

    ERROR = "error"
    WARNING = "warning"


class Oddity(StrEnum):
    """What is odd."""

    NEVER_TRUE = "never_true"
    ONLY_WITH_ARRAYS = "only_with_arrays"
    ALWAYS_TRUE = "always_true"
    CONSTANT = "constant"
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


def findings_of(
    condition: Condition, effort: Effort | None = None, why: Why | None = None, given: Condition = ALWAYS
) -> tuple[Finding, ...]:
    """Everything odd about a condition, the whole of it first; what would cost more than the effort is not told.

    why: says why an index does not lead to a condition; who has a real index knows better than `why_unindexed`.
    given: what is true of every event that it is asked about.
    """
    effort = effort or Effort()
    reading = contradiction_in(All((given, condition)), effort)
    if reading.answer is Answer.NO:
        return (_never(condition, given),)
    always = condition != ALWAYS and implies(given, condition, effort)
    found = [_always(condition)] if always else []
    if reading.only_with_arrays:
        found.append(Finding("", Oddity.ONLY_WITH_ARRAYS, _ONLY_WITH_ARRAYS))
    if not always:
        found.extend(_Branches(effort, given).read(condition, "", (given,)))
    reason = (why or why_unindexed)(condition)
    if reason is not None:
        message = f"is asked about every event of its type: {reason}"
        found.append(Finding("", Oddity.UNINDEXED, f"{message}; {_NEEDLESS}" if always else message))
    return tuple(found)


def never_true(condition: Condition, effort: Effort | None = None, given: Condition = ALWAYS) -> Finding | None:
    """The one finding that is an error, alone."""
    reading = contradiction_in(All((given, condition)), effort or Effort())
    return _never(condition, given) if reading.answer is Answer.NO else None


def _never(condition: Condition, given: Condition) -> Finding:
    """Leads to the smallest part that rules out the whole. What else there is to say takes an effort of its own."""
    effort = Effort()
    of_itself = _is_excluded(condition, ALWAYS, effort)
    part, pointer = _smallest(condition, "", ALWAYS if of_itself else given, effort)
    why = ": its tests exclude each other" if isinstance(part, All) else ""
    return Finding(pointer, Oddity.NEVER_TRUE, f"can never be true{why if of_itself else _UNHEARD}")


def _smallest(condition: Condition, pointer: str, given: Condition, effort: Effort) -> tuple[Condition, str]:
    if isinstance(condition, All):
        for index, member in enumerate(condition.members):
            if _is_excluded(member, given, effort):
                return _smallest(member, f"{pointer}/all/{index}", given, effort)
    return condition, pointer


def _is_excluded(condition: Condition, given: Condition, effort: Effort) -> bool:
    return contradiction_in(All((given, condition)), effort).answer is Answer.NO


def _always(condition: Condition) -> Finding:
    heard = "" if always_matches(condition) else " that the trigger listens to"
    return Finding("", Oddity.ALWAYS_TRUE, f"is true for every event{heard}")


class _Branches:
    """Reads the members of `all` and `any` in their surroundings; asks at most MAX_QUESTIONS questions."""

    def __init__(self, effort: Effort, given: Condition) -> None:
        self._left = MAX_QUESTIONS
        self._effort = effort
        self._given = given

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
                yield from self.read(member, f"{pointer}/not", (self._given,))
            case Test():
                return
            case leaf:
                yield from self._leaf(leaf, pointer)

    def _leaf(self, leaf: Leaf, pointer: str) -> Iterator[Finding]:
        verdict = self._verdict_of(leaf)
        if verdict is not None:
            yield Finding(pointer, Oddity.CONSTANT, f"is {str(verdict).lower()} for every event")

    def _verdict_of(self, leaf: Leaf) -> bool | None:
        try:
            return self._effort.verdict_of(leaf)
        except EffortSpent:
            return None

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
        case Lookup(_, Matched(matchers)):
            return not any(map(_is_like, matchers))
        case Lookup(_, keys):
            return not isinstance(keys, (Present, NotEquals))
        case AllOf(members):
            return any(_is_selective(member) for member in members)
        case AnyOf(members):
            return all(_is_selective(member) for member in members)


def _is_like(matcher: Matcher) -> bool:
    """Whether a matcher says what values are like, rather than which they are."""
    return isinstance(matcher, Cidr) or (isinstance(matcher, AnythingBut) and not all(map(is_scalar, matcher.excluded)))


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
        case Pattern():
            return "the pattern names no values that can be looked up"
    return "an expression says nothing to an index"
