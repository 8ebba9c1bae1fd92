"""Fields: what the literals of one term ask of each field, and whether any event can give it. Used by `answers`.

A field inside data may lead through arrays and then has several values, of which `any` needs one: `score > 5` and
`score < 3` both hold of [6, 2]. Such a term is not impossible; it is impossible for single values, which is what people
mean. Attributes have one value, a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from ensue.core.conditions.analysis.effort import Effort
from ensue.core.conditions.analysis.terms import Literal, Term
from ensue.core.conditions.analysis.values import Found, Kind, Nothing, Wanted, value_for
from ensue.core.conditions.fields import DATA
from ensue.core.conditions.operator import OnSelection, OnValues
from ensue.core.conditions.tree import FieldRef, Quantifier, Test
from ensue.core.json import Json

Path = tuple[str, ...]
_ALWAYS_THERE = (("type",), ("source",), ("id",))


class Possible(IntEnum):
    """How a term can hold, from the least."""

    NEVER = 0  # for no event at all
    WITH_ARRAYS = 1  # only where a field has several values
    PERHAPS = 2


@dataclass(slots=True)
class Asked:
    """What is asked of one field. some: each for at least one value. each: of every value, those that are there.

    there, absent: whether there must be something, or nothing.
    """

    kind: Kind
    single: bool
    some: list[Wanted] = field(default_factory=list)
    each: list[Wanted] = field(default_factory=list)
    there: bool = False
    absent: bool = False

    def possible(self, effort: Effort) -> Possible:
        """How any event can give what is asked."""
        needs_value = bool(self.some) or self.there
        if self.absent and needs_value:
            return Possible.NEVER
        if any(value_for([one, *self.each], self.kind, effort) is Nothing.NONE for one in self.some):
            return Possible.NEVER
        if len(self.some) > 1 and value_for([*self.some, *self.each], self.kind, effort) is Nothing.NONE:
            return Possible.NEVER if self.single else Possible.WITH_ARRAYS
        return Possible.PERHAPS

    def value(self, effort: Effort) -> Found | None:
        """One value that is as all ask, if one was found."""
        found = value_for([*self.some, *self.each], self.kind, effort)
        return found if isinstance(found, Found) else None


def asked_of_fields(term: Term, effort: Effort) -> dict[tuple[Path, bool], Asked]:
    """What a term asks of each field, by path and whether of its length."""
    asked: dict[tuple[Path, bool], Asked] = {}
    effort.spend(len(term.literals))
    for literal in term.literals:
        test = literal.test
        key = (test.path, test.length)
        if key not in asked:
            kind = Kind.LENGTH if test.length else Kind.ANY if test.path[0] == DATA else Kind.TEXT
            asked[key] = Asked(kind, single=test.path[0] != DATA)
        _ask(asked[key], literal, effort)
    return asked


def possible(term: Term, effort: Effort) -> Possible:
    """How a term can hold; never less than the truth."""
    asked = asked_of_fields(term, effort)
    least = min((each.possible(effort) for each in asked.values()), default=Possible.PERHAPS)
    return Possible.NEVER if _something_within_nothing(asked, effort) else least


def _something_within_nothing(asked: dict[tuple[Path, bool], Asked], effort: Effort) -> bool:
    absent = [path for (path, length), each in asked.items() if each.absent and not length]
    if any(path in _ALWAYS_THERE for path in absent):
        return True
    wanted = [path for (path, _), each in asked.items() if each.some or each.there]
    effort.spend(len(absent) * len(wanted))
    return any(path[: len(outer)] == outer for outer in absent for path in wanted)


def _ask(asked: Asked, literal: Literal, effort: Effort) -> None:
    test = literal.test
    if isinstance(test.value, FieldRef):
        return
    operator, value = effort.read(test)
    if isinstance(operator.judge, OnSelection):
        if not test.length:
            _ask_for_presence(asked, wanted=bool(test.value) is not literal.denied)
        return
    if not isinstance(operator.judge, OnValues) or not _opened(test, operator.judge, value):
        return
    passes = effort.passing(test, operator.judge.test)
    for_some, denied = _quantified(test.quantifier, denied=literal.denied)
    wanted = Wanted(operator.name, value, passes, denied)
    if for_some:
        asked.some.append(wanted)
    elif for_some is not None:
        asked.each.append(wanted)
        if not literal.denied:  # every and none need a value that is as asked; a denied any does not
            asked.some.append(wanted)


def _quantified(quantifier: Quantifier, *, denied: bool) -> tuple[bool | None, bool]:
    """(of some value, must fail) for a literal; (None, ...) where the literal also holds without any value."""
    if quantifier is Quantifier.ANY:
        return (not denied, denied)
    return (None if denied else False, quantifier is Quantifier.NONE)


def _opened(test: Test, judge: OnValues, value: Json) -> bool:
    """Whether the test looks at elements one by one, or at something that is no array anyway."""
    return judge.opens.elements(value) or test.length or test.path[0] != DATA


def _ask_for_presence(asked: Asked, *, wanted: bool) -> None:
    if wanted:
        asked.there = True
    else:
        asked.absent = True


def sample_values(term: Term, effort: Effort) -> dict[Path, Json] | None:
    """For each path one value with which the term may hold; what must be absent is left out. None where not found."""
    found: dict[Path, Json] = {}
    for (path, length), asked in asked_of_fields(term, effort).items():
        if not (asked.some or asked.there):
            continue
        value = asked.value(effort)
        if value is None:
            return None
        if not length:
            found[path] = value.value
        elif isinstance(value.value, int) and value.value <= 1000:
            found.setdefault(path, "x" * value.value)
    return found
