"""The SQL of conditions needs no younger PostgreSQL than the page says, and what is denied binds nothing."""

from __future__ import annotations

import re

from tests.support.condition_table import CASES, CONTEXT, condition_of

from ensue.core.conditions.sql import where
from ensue.core.conditions.sql_folding import HIGHEST, folding_table
from ensue.core.conditions.tree import All, Any, Cel, Not, Test

# All that the compilers call, each of it there in PostgreSQL 15.
IN_FIFTEEN = frozenset({
    "bool_and", "char_length", "coalesce", "count", "date_part", "extract", "jsonb_agg",
    "jsonb_array_elements", "jsonb_array_length", "jsonb_object_keys", "jsonb_path_query", "jsonb_typeof", "left",
    "length", "lower", "make_date", "octet_length", "regexp_replace", "regexp_split_to_table", "right",
    "split_part", "starts_with", "string_agg", "strpos", "substr", "to_char", "to_jsonb", "translate",
})  # fmt: skip
WORDS = frozenset({"ANY", "AND", "EXISTS", "FROM", "IN", "NOT", "OR", "THEN", "WHEN", "ELSE", "CASE", "AS", "WHERE"})


def test_nothing_is_called_that_postgresql_15_does_not_have() -> None:
    called: set[str] = set()
    for case in CASES:
        text = where(condition_of(case.condition), context=CONTEXT).text
        called.update(re.findall(r"\b([A-Za-z_]+) ?\(", text))
        assert set(re.findall(r'COLLATE "?(\w+)', text)) <= {"C"}
    assert {name for name in called if name.upper() not in WORDS} <= IN_FIFTEEN | {"v", "w", "u", "c", "element"}


def test_no_character_beyond_the_table_has_a_case() -> None:
    beyond = map(chr, range(HIGHEST + 1, 0x110000))
    assert not any(character.casefold() != character for character in beyond)
    table = folding_table()
    assert len(table.single) == len(table.folded)
    assert len(table.several) == len(table.expansions.split(","))
    assert not set(table.folded) & set(table.single + table.several), "what is folded folds no further"


def test_a_table_that_a_denial_has_bound_is_bound_again() -> None:
    named = Test(("data", "a"), "eq_ci", "x")
    asked = where(All((Not(Any((named, Cel("event.data.x")))), named)))
    assert not asked.exact
    highest = max(map(int, re.findall(r"\$([0-9]+)", asked.text)))
    assert highest == len(asked.parameters)
