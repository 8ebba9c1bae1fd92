"""Where a test stands in a SQL statement: what an operator builds its part of the WHERE from. Parameters only.

No text of a document ever becomes SQL: an operator gets expressions that stand for the actual and the wanted value, and
binds everything else. Built by `sql`, used by the operators. PostgreSQL 15 or later, database in UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ensue.core.conditions.context import Context
from ensue.core.conditions.sql_folding import Bind, folded_sql
from ensue.core.json import Json

INSTANT = (
    r"^(?!9999)[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"([.][0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)


@dataclass(frozen=True, slots=True)
class SqlTest:
    """A boolean expression. exact: it holds for just the rows that the matcher takes, else for those and others."""

    text: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class SqlImages:
    """What a path selects before and after a change.

    all_before, all_after: to an expression for all that is selected, in order; NULL where nothing is.
    some_before, some_after: from an expression of type jsonb to whether one of the selected values is the same.
    """

    all_before: Callable[[], str]
    all_after: Callable[[], str]
    some_before: Callable[[str], str]
    some_after: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class SqlPlace:
    """One test. `actual` is an expression of type jsonb; `wanted` makes one of the right-hand side.

    value: the parsed right-hand side; None where it is another field.
    now: makes an expression for the instant of the decision.
    bind: takes a value and the SQL type to cast it to, gives the parameter that stands for it.
    shared: the same for what other tests bind too; they get one parameter.
    """

    actual: str
    value: Json
    wanted: Callable[[], str]
    now: Callable[[], str]
    bind: Bind
    shared: Bind
    context: Context

    def text(self, expression: str | None = None) -> str:
        """The text of a jsonb string (NULL of null; the JSON of anything else)."""
        return f"({expression or self.actual} #>> '{{}}')"

    def has_type(self, kind: str, expression: str | None = None) -> str:
        """Whether a jsonb value is of a type: string, number, boolean, array, object or null."""
        return f"(jsonb_typeof({expression or self.actual}) = '{kind}')"

    def on_text(self, test: str) -> SqlTest:
        """`test`, evaluated for texts alone."""
        return SqlTest(f"(CASE WHEN {self.has_type('string')} THEN {test} ELSE false END)")

    def text_with_text(self, test: Callable[[str, str], str]) -> SqlTest:
        """A test of the two texts, false where one of the sides is no text."""
        wanted = self.wanted()
        both = f"{self.has_type('string')} AND {self.has_type('string', wanted)}"
        return SqlTest(f"(CASE WHEN {both} THEN {test(self.text(), self.text(wanted))} ELSE false END)")

    def folded(self, expression: str | None = None) -> str:
        """The text of a jsonb string without its case, as `str.casefold` makes it."""
        return folded_sql(self.text(expression), self.shared)

    def folded_wanted(self) -> str:
        """The same of the right-hand side."""
        if isinstance(self.value, str):
            return self.bind(self.value.casefold(), "text")
        return self.folded(self.wanted())

    def folded_with_folded(self, test: Callable[[str, str], str]) -> SqlTest:
        """A test of the two texts without their case, false where one of the sides is no text."""
        if isinstance(self.value, str):
            return self.on_text(test(self.folded(), self.folded_wanted()))
        both = f"{self.has_type('string')} AND {self.has_type('string', self.wanted())}"
        return SqlTest(f"(CASE WHEN {both} THEN {test(self.folded(), self.folded_wanted())} ELSE false END)")

    def compared(self, sign: str, bound: str | None = None) -> str:
        """Actual `sign` wanted: numbers as numbers, texts by code points, all else false. `sign` is < <= > or >=."""
        wanted = bound or self.wanted()
        return (
            f"(CASE WHEN {self.has_type('number')} AND {self.has_type('number', wanted)}"
            f" THEN ({self.actual})::numeric {sign} ({wanted})::numeric"
            f" WHEN {self.has_type('string')} AND {self.has_type('string', wanted)}"
            f' THEN {self.text()} COLLATE "C" {sign} {self.text(wanted)} COLLATE "C" ELSE false END)'
        )

    def instant(self, expression: str | None = None) -> str:
        """The instant that a text in RFC 3339 denotes, to the microsecond; NULL of everything else."""
        pattern = self.bind(INSTANT, "text")
        text = self.text(expression)
        whole = rf"regexp_replace({text}, '([.][0-9]{{6}})[0-9]+', '\1')"
        return (
            f"(CASE WHEN {self.has_type('string', expression)} AND {text} ~ {pattern}"
            f" THEN CASE WHEN {_is_date(text)} THEN {whole}::timestamptz END END)"
        )


def _is_date(text: str) -> str:
    """Whether a text that begins like a date (2026-02-30) begins with one; nothing is cast that could fail."""
    first = f"make_date(left({text}, 4)::integer, substr({text}, 6, 2)::integer, 1)"
    last = f"to_char({first} + interval '1 month' - interval '1 day', 'DD')"
    day = f"substr({text}, 9, 2)"
    return f"CASE WHEN substr({text}, 6, 2) BETWEEN '01' AND '12' THEN {day} BETWEEN '01' AND {last} ELSE false END"
