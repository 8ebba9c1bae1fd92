"""Rows of a table, as conditions see them: from a field to the jsonb values it selects. Used by `sql` and `sql_index`.

Which column stands for which field is a value, `Columns`: one for each kind of table that conditions are asked of. A
jsonpath in lax mode goes through arrays as our paths do: one level, into the objects among the elements.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ensue.core.conditions.fields import DATA, NOW, ROOTS
from ensue.core.conditions.keys import Scalar
from ensue.core.conditions.sql_folding import Bind
from ensue.core.conditions.tree import FieldRef
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

_TIME: Final = "time"
_NOTHING: Final = "(SELECT NULL::jsonb WHERE false)"


@dataclass(frozen=True, slots=True)
class Columns:
    """A kind of table: which column stands for which field. A field without a column is missing in every row.

    data: a column of jsonb; NULL where a row has none.
    texts: columns of text, by the attribute that each holds; NULL where a row has none.
    time: a column of timestamptz, the field `time`.
    now: a column of timestamptz, the instant of the decision about a row; None: whoever asks says when it is.
    """

    data: str
    texts: Mapping[str, str] = field(default_factory=dict)
    time: str | None = None
    now: str | None = None

    def __post_init__(self) -> None:
        """InvalidValue for what is no name of a column, or no attribute that a text can hold."""
        names = (self.data, *self.texts.values(), *filter(None, (self.time, self.now)))
        wrong = [name for name in names if not name.isidentifier()]
        wrong += self.texts.keys() - (set(ROOTS) - {DATA, NOW, _TIME})
        if wrong:
            raise InvalidValue(f"no column or attribute: {', '.join(wrong)}")


JOURNAL: Final = Columns(
    data="data",
    texts={
        "type": "type",
        "source": "source",
        "subject": "subject",
        "id": "event_id",
        "entity_type": "entity_type",
    },
    time=_TIME,
    now="at",  # the append time of the event's record
)


@dataclass(frozen=True, slots=True)
class Rows:
    """The row `alias` of a table. asked_at: the instant of the decision where no column has it."""

    alias: str
    bind: Bind
    columns: Columns = JOURNAL
    asked_at: datetime | None = None

    def now(self) -> str:
        """The instant of the decision."""
        if self.columns.now is not None:
            return f"{self.alias}.{self.columns.now}"
        if self.asked_at is None:
            raise InvalidValue("these rows do not say at which instant they are decided")
        return self.bind(self.asked_at, "timestamptz")

    def values(self, field: FieldRef, *, elements: bool = False, name: str = "v") -> str:
        """A FROM item `name` with one column `v` of type jsonb. elements: arrays among the values are opened."""
        root = field.path[0]
        if root == DATA:
            opened = elements and not field.length
            path = self.bind(jsonpath(field.path[1:]) + ("[*]" if opened else ""), "jsonpath")
            source = f"jsonb_path_query({self.alias}.{self.columns.data}, {path})"
        else:
            source = self._attribute(root)
        return f"{_lengths(source)} AS {name}(v)" if field.length else f"{source} AS {name}(v)"

    def has_images(self) -> str:
        """Whether the data says what was before and after a change."""
        kinds = (f"jsonb_typeof({self.alias}.{self.columns.data} -> '{image}')" for image in ("before", "after"))
        return " AND ".join(f"coalesce({kind} IN ('object', 'null'), false)" for kind in kinds)

    def can_equal(self, path: tuple[str, ...]) -> bool:
        """Whether `equals` can speak of this path: of an instant that is not stored as its text it cannot."""
        return path[0] != _TIME

    def equals(self, path: tuple[str, ...], values: Sequence[Scalar]) -> str:
        """That some value at `path` is one of these, in a form that an index on its column answers."""
        if path[0] == DATA:
            tests = " || ".join(f"@ == {json_text(value)}" for value in values) or "false == true"
            wanted = self.bind(f"{jsonpath(path[1:])}[*] ? ({tests})", "jsonpath")
            return f"{self.alias}.{self.columns.data} @? {wanted}"
        if path[0] not in self.columns.texts:
            return "false"
        texts = [value for value in values if isinstance(value, str)]
        return f"{self.alias}.{self.columns.texts[path[0]]} = ANY ({self.bind(texts, 'text[]')})"

    def _attribute(self, root: str) -> str:
        """A FROM item of one value or none."""
        column = self.columns.time if root == _TIME else self.columns.texts.get(root)
        if root == NOW:
            value = _instant_text(self.now())
        elif column is None:
            return _NOTHING
        else:
            value = f"{self.alias}.{column}"
            value = _instant_text(value) if root == _TIME else value
        return f"(SELECT to_jsonb({value}) WHERE {value} IS NOT NULL)"


def json_text(value: Json) -> str:
    """The JSON of a value; integers exactly. InvalidValue for one of over 4,300 digits, which no JSON decoder gives."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except ValueError as error:
        raise InvalidValue(f"a value that SQL can take: {error}") from None


def jsonpath(names: Sequence[str]) -> str:
    """The path of members of these names."""
    return "$" + "".join(f".{json.dumps(name, ensure_ascii=False)}" for name in names)


def _lengths(source: str) -> str:
    length = (
        "CASE jsonb_typeof(u.v) WHEN 'string' THEN char_length(u.v #>> '{}') WHEN 'array' THEN jsonb_array_length(u.v)"
        " ELSE (SELECT count(*) FROM jsonb_object_keys(u.v)) END"
    )
    sized = "jsonb_typeof(u.v) IN ('string', 'array', 'object')"
    return f"(SELECT to_jsonb({length}) FROM {source} AS u(v) WHERE {sized})"  # noqa: S608  # our own names alone


def _instant_text(column: str) -> str:
    """An instant as `ensue.core.instants.text_of` writes it."""
    utc = f"{column} AT TIME ZONE 'UTC'"
    fraction = f"CASE WHEN date_part('microseconds', {utc})::int % 1000000 = 0 THEN '' ELSE to_char({utc}, '.US') END"
    return f"(to_char({utc}, 'YYYY-MM-DD\"T\"HH24:MI:SS') || {fraction} || 'Z')"
