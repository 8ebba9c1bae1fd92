"""The rows of the event journal, as conditions see them: from a field to the jsonb values it selects. Used by `sql`.

A jsonpath in lax mode goes through arrays as our paths do: one level, into the objects among the elements.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ensue.core.conditions.fields import DATA, NOW
from ensue.core.conditions.keys import Scalar
from ensue.core.conditions.sql_place import Bind
from ensue.core.conditions.tree import FieldRef
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

_COLUMNS: Final = {
    "type": "type",
    "source": "source",
    "subject": "subject",
    "id": "event_id",
    "entity_type": "entity_type",
}
_MOST_ALTERNATIVES: Final = 50


@dataclass(frozen=True, slots=True)
class Rows:
    """The row `alias` of the journal."""

    alias: str
    bind: Bind

    @property
    def now(self) -> str:
        """The instant of the decision: the append time of the event's record."""
        return f"{self.alias}.at"

    def values(self, field: FieldRef, *, elements: bool = False, name: str = "v") -> str:
        """A FROM item `name` with one column `v` of type jsonb. elements: arrays among the values are opened."""
        root = field.path[0]
        if root == DATA:
            opened = elements and not field.length
            path = self.bind(_jsonpath(field.path[1:]) + ("[*]" if opened else ""), "jsonpath")
            source = f"jsonb_path_query({self.alias}.data, {path})"
        else:
            column = self._attribute(root)
            source = f"(SELECT to_jsonb({column}) WHERE {column} IS NOT NULL)"
        return f"{_lengths(source)} AS {name}(v)" if field.length else f"{source} AS {name}(v)"

    def has_images(self) -> str:
        """Whether the data says what was before and after a change."""
        kinds = (f"jsonb_typeof({self.alias}.data -> '{image}')" for image in ("before", "after"))
        return " AND ".join(f"coalesce({kind} IN ('object', 'null'), false)" for kind in kinds)

    def equals(self, path: tuple[str, ...], values: Sequence[Scalar]) -> str:
        """`... AND `, in a form that an index answers: some value at `path` is one of these."""
        if len(values) > _MOST_ALTERNATIVES:
            return ""
        if path[0] == DATA:
            tests = " || ".join(f"@ == {json_text(value)}" for value in values)
            return f"{self.alias}.data @? {self.bind(f'{_jsonpath(path[1:])}[*] ? ({tests})', 'jsonpath')} AND "
        if path[0] not in _COLUMNS:
            return ""
        texts = [value for value in values if isinstance(value, str)]
        return f"{self._attribute(path[0])} = ANY ({self.bind(texts, 'text[]')}) AND "

    def _attribute(self, root: str) -> str:
        if root in {NOW, "time"}:
            return _instant_text(self.now if root == NOW else f"{self.alias}.time")
        return f"{self.alias}.{_COLUMNS[root]}"


def json_text(value: Json) -> str:
    """The JSON of a value; integers exactly. InvalidValue for one of over 4,300 digits, which no JSON decoder gives."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except ValueError as error:
        raise InvalidValue(f"a value that SQL can take: {error}") from None


def _jsonpath(names: Sequence[str]) -> str:
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
