"""Where a test stands in a SQL statement: what an operator builds its part of the WHERE from. Parameters only.

No text of a document ever becomes SQL: an operator gets expressions that stand for the actual and the wanted value, and
binds everything else. Built by `sql`, used by the operators. PostgreSQL 18, database in UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ensue.core.conditions.context import Context
from ensue.core.json import Json

INSTANT = (
    r"^(?!9999)[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"([.][0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
Bind = Callable[[object, str], str]


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
    """

    actual: str
    value: Json
    wanted: Callable[[], str]
    now: Callable[[], str]
    bind: Bind
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
            f" THEN CASE WHEN pg_input_is_valid({whole}, 'timestamptz') THEN {whole}::timestamptz END END)"
        )


def folded_sql(text: str) -> str:
    """A text without its case: full Unicode folding, as `str.casefold`."""
    return f"casefold(({text}) COLLATE pg_unicode_fast)"
