"""SQL: a condition as a parameterised WHERE over rows with fields: the event journal, or any table. PostgreSQL 15+.

Called by whoever asks a table which of its rows a condition takes; `Columns` says where its fields lie, and `JOURNAL`
where those of events do (`audit.event`, `audit.v_event`). The names in it are our own and the column names; every word
of a document is a parameter. Where PostgreSQL cannot say the same (a regex of RE2, a leaf without SQL), the answer says
so (`exact`) and takes more rows than the matcher does, never fewer: ask the matcher about each of them. Equality also
stands there in a form that an index answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.leaves import kind_of
from ensue.core.conditions.match import image_path, operator_of
from ensue.core.conditions.needed import needed
from ensue.core.conditions.operator import OnImages, OnSelection, Opens
from ensue.core.conditions.sql_index import indexable
from ensue.core.conditions.sql_place import SqlImages, SqlPlace, SqlTest
from ensue.core.conditions.sql_rows import JOURNAL, Columns, Rows, json_text
from ensue.core.conditions.tree import All, Any, Condition, FieldRef, Not, Quantifier, Test
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

EVERYTHING: Final = SqlTest("true", exact=False)


@dataclass(frozen=True, slots=True)
class Where:
    """text: a boolean expression with $n for the parameters, counted from `first`. exact: as in SqlTest."""

    text: str
    parameters: tuple[object, ...]
    exact: bool


def where(
    condition: Condition,
    *,
    columns: Columns = JOURNAL,
    now: datetime | None = None,
    alias: str = "e",
    first: int = 1,
    context: Context = NO_CONTEXT,
) -> Where:
    """The WHERE of a condition over rows called `alias`; its parameters begin with `$first`.

    now: the instant of the decision, for rows that do not have one themselves (`Columns.now`).
    """
    if not alias.isidentifier():
        raise InvalidValue(f"no name for a table: {alias}")
    parameters = _Parameters(first)
    test = _Compiler(Rows(alias, parameters.bind, columns, now), parameters, context).node(condition)
    return Where(test.text, tuple(parameters.values), test.exact)


class _Parameters:
    def __init__(self, first: int) -> None:
        self._first = first
        self._shared: dict[object, int] = {}
        self.values: list[object] = []

    def bind(self, value: object, kind: str) -> str:
        """The parameter that stands for `value`, cast to the SQL type `kind`; jsonb and jsonpath travel as text."""
        self.values.append(value)
        return self._parameter(len(self.values) - 1, kind)

    def shared(self, value: object, kind: str) -> str:
        """The same, one parameter however often it is asked for."""
        if value not in self._shared:
            self._shared[value] = len(self.values)
            self.values.append(value)
        return self._parameter(self._shared[value], kind)

    def forget(self, most: int) -> None:
        """Bind no more than the first so many."""
        del self.values[most:]
        self._shared = {value: place for value, place in self._shared.items() if place < most}

    def _parameter(self, place: int, kind: str) -> str:
        number = f"${self._first + place}"
        return f"{number}::text::{kind}" if kind in {"jsonb", "jsonpath"} else f"{number}::{kind}"


class _Compiler:
    def __init__(self, rows: Rows, parameters: _Parameters, context: Context) -> None:
        self._rows = rows
        self._parameters = parameters
        self._context = context
        self._denials = 0

    def node(self, condition: Condition) -> SqlTest:
        match condition:
            case Test():
                return self._test(condition)
            case Not(member):
                return self._denied(member)
            case All(members):
                return _joined(" AND ", "true", map(self.node, members))
            case Any(members):
                return _joined(" OR ", "false", map(self.node, members))
        kind = kind_of(condition)
        said = EVERYTHING if kind is None or kind.sql is None else kind.sql(condition, self._rows)
        return self._with_index(condition, said)

    def _denied(self, member: Condition) -> SqlTest:
        """Of what takes too many rows, the denial would take too few: then every row is taken, and nothing is bound."""
        bound = len(self._parameters.values)
        self._denials += 1
        inner = self.node(member)
        self._denials -= 1
        if inner.exact:
            return SqlTest(f"(NOT {inner.text})")
        self._parameters.forget(bound)
        return EVERYTHING

    def _with_index(self, condition: Condition, said: SqlTest) -> SqlTest:
        """What an index can answer, beside the test; nothing where it is denied, for there no index is asked.

        Where the first part is NULL there is no value, so the second is false, and so is the whole.
        """
        first = None if self._denials % 2 else indexable(needed(condition), self._rows)
        if first is None:
            return said
        return SqlTest(first if said is EVERYTHING else f"({first} AND {said.text})", said.exact)

    def _test(self, test: Test) -> SqlTest:
        operator = operator_of(test)
        match operator.judge:
            case OnSelection() as judge:
                found = f"EXISTS (SELECT FROM {self._rows.values(FieldRef(test.path, test.length))})"
                return SqlTest(judge.sql(_literal(test), found))
            case OnImages() as judge:
                return self._with_index(test, self._images(test, judge))
            case judge:
                one = judge.sql(self._place(test, "v.v"))
                elements = judge.opens.elements(_literal(test))
                return self._with_index(test, self._quantified(test, one, elements=elements))

    def _quantified(self, test: Test, one: SqlTest, *, elements: bool) -> SqlTest:
        text, also = one.text, ""
        if isinstance(test.value, FieldRef):
            other = f"{self._rows.values(test.value, elements=True, name='w')} WHERE jsonb_typeof(w.v) <> 'array'"
            text, also = f"EXISTS (SELECT FROM {other} AND {text})", f" AND EXISTS (SELECT FROM {other})"
        values = self._rows.values(FieldRef(test.path, test.length), elements=elements)
        if test.quantifier is Quantifier.ANY:
            return SqlTest(f"EXISTS (SELECT FROM {values} WHERE {text})", one.exact)
        if not one.exact and test.quantifier is Quantifier.NONE:
            return SqlTest(f"EXISTS (SELECT FROM {values})", exact=False)
        wanted = text if test.quantifier is Quantifier.EVERY else f"NOT {text}"
        return SqlTest(f"(coalesce((SELECT bool_and({wanted}) FROM {values}), false){also})", one.exact)  # noqa: S608  # our own names; words of a document are parameters

    def _place(self, test: Test, actual: str) -> SqlPlace:
        value = _literal(test)
        bound: list[str] = []

        def wanted() -> str:
            if isinstance(test.value, FieldRef):
                return "w.v"
            if not bound:
                bound.append(self._parameters.bind(json_text(value), "jsonb"))
            return bound[0]

        parameters = self._parameters
        return SqlPlace(actual, value, wanted, self._rows.now, parameters.bind, parameters.shared, self._context)

    def _images(self, test: Test, judge: OnImages) -> SqlTest:
        before, after = (FieldRef(image_path(image, test.path), test.length) for image in ("before", "after"))
        elements = Opens.AS_WANTED.elements(_literal(test))

        def all_of(field: FieldRef) -> str:
            return f"(SELECT jsonb_agg(v.v) FROM {self._rows.values(field)})"  # noqa: S608  # parameters, as above

        def some_of(field: FieldRef, wanted: str) -> str:
            return f"EXISTS (SELECT FROM {self._rows.values(field, elements=elements)} WHERE v.v = {wanted})"

        images = SqlImages(
            lambda: all_of(before), lambda: all_of(after), partial(some_of, before), partial(some_of, after)
        )
        changed = judge.sql(self._place(test, "v.v"), images)
        return SqlTest(f"({self._rows.has_images()} AND {changed.text})", changed.exact)


def _literal(test: Test) -> Json:
    return None if isinstance(test.value, FieldRef) else operator_of(test).parse(test.value)


def _joined(word: str, nothing: str, members: Iterable[SqlTest]) -> SqlTest:
    tests = list(members)
    if not tests:
        return SqlTest(nothing)
    return SqlTest(f"({word.join(test.text for test in tests)})", all(test.exact for test in tests))
