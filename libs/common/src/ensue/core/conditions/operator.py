"""What an operator is: one value that gives its parser, its matcher, its index keys, its SQL and its English.

Each module in `ensue.core.conditions.operators` holds one as `OPERATOR`; `registry` finds them there.
A path selects a sequence of values: none where it is missing, several where it leads through an array. What an
operator looks at is said by the type of its `judge`: single values (most), single values and the instant of the
decision, whether anything was selected, or what a path selects in the images before and after a change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from ensue.core.conditions.context import Context
from ensue.core.conditions.keys import Keys, Present
from ensue.core.conditions.sql_place import SqlImages, SqlPlace, SqlTest
from ensue.core.json import Json

Selection = Sequence[Json]
ValueTest = Callable[[Json], bool]
TimedTest = Callable[[Json, datetime], bool]


class Opens(Enum):
    """Whether an array at the end of a path stands for its elements, one by one, or is a value itself."""

    ELEMENTS = "elements"
    NOTHING = "nothing"
    AS_WANTED = "as wanted"  # elements are compared with a scalar, the array itself with an array

    def elements(self, wanted: Json) -> bool:
        """Whether arrays are opened for this right-hand side."""
        return self is Opens.ELEMENTS or (self is Opens.AS_WANTED and not isinstance(wanted, (list, tuple)))


def one_like(wanted: Json, test: ValueTest) -> Callable[[Selection], bool]:
    """A test for one selected value that passes; arrays are opened as `Opens.AS_WANTED` says."""
    if isinstance(wanted, (list, tuple)):
        return lambda selection: any(map(test, selection))
    return lambda selection: any(
        any(map(test, value)) if isinstance(value, (list, tuple)) else test(value) for value in selection
    )


@dataclass(frozen=True, slots=True)
class OnValues:
    """Judges one value at a time. `test` builds the test of a right-hand side; the test never raises."""

    test: Callable[[Json], ValueTest]
    sql: Callable[[SqlPlace], SqlTest]
    opens: Opens = Opens.ELEMENTS


@dataclass(frozen=True, slots=True)
class OnInstants:
    """Judges one value at a time, with the instant of the decision or with the context."""

    test: Callable[[Json, Context], TimedTest]
    sql: Callable[[SqlPlace], SqlTest]
    opens: Opens = Opens.ELEMENTS


@dataclass(frozen=True, slots=True)
class OnSelection:
    """Judges whether anything was selected. SQL is handed the boolean expression that says so."""

    test: Callable[[Json], Callable[[Selection], bool]]
    sql: Callable[[Json, str], str]


@dataclass(frozen=True, slots=True)
class OnImages:
    """Judges what the path selects in `data.before` and in `data.after`; false where an event has no such images.

    keyed: the image that `Operator.keys` speaks of, where it speaks of one.
    """

    test: Callable[[Json], Callable[[Selection, Selection], bool]]
    sql: Callable[[SqlPlace, SqlImages], SqlTest]
    keyed: str | None = None


Judge: TypeAlias = OnValues | OnInstants | OnSelection | OnImages


def no_keys(_: Json) -> Keys:
    """The keys of a test of which an index can only know that its field must be there."""
    return Present()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One comparison operator.

    parse: checks and normalises the right-hand side; raises InvalidValue with what would be right. What it returns is
        JSON, can be written back into a document, and parses to itself.
    judge: how it is decided, in Python and in SQL.
    english: the rest of a sentence that began with the field: "is at least 0.8". For `value_of` it is handed a
        `wording.Phrase`, so it shows its right-hand side by `wording.shown` alone.
    keys: a necessary condition on one selected value (for every quantifier but `none`); None where there is none.
    check: refuses what a context lacks, when a document is read; raises InvalidValue.
    calendars: the names of the calendars that a right-hand side asks, where an operator asks any.
    needs_value: whether `value` must be written; otherwise it is true where left out.
    takes_field: whether `value_of` may stand for `value`.
    """

    name: str
    parse: Callable[[Json], Json]
    judge: Judge
    english: Callable[[Json], str]
    keys: Callable[[Json], Keys | None] = no_keys
    check: Callable[[Json, Context], None] | None = None
    calendars: Callable[[Json], frozenset[str]] | None = None
    needs_value: bool = True
    takes_field: bool = False
