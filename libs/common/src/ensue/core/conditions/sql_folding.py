"""Case folding in SQL, by Python's own table: every PostgreSQL folds a text just as `str.casefold` does.

PostgreSQL has `casefold` from version 18 on, and then by the Unicode version that it was built with, which need not be
Python's. So the table travels as parameters. Used by `sql_place`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

Bind = Callable[[object, str], str]
HIGHEST: Final = 0x1FFFF  # no character beyond has a case


@dataclass(frozen=True, slots=True)
class FoldingTable:
    """single: the characters that become one other, `folded`, each at the same place. several: those that become more.

    expansions: what the n-th of `several` becomes, with a comma after each.
    """

    single: str
    folded: str
    several: str
    expansions: str


@cache
def folding_table() -> FoldingTable:
    """The table of this Python."""
    found = {character: character.casefold() for character in map(chr, range(HIGHEST + 1))}
    single = {character: folded for character, folded in found.items() if folded != character and len(folded) == 1}
    several = {character: folded for character, folded in found.items() if len(folded) > 1}
    return FoldingTable("".join(single), "".join(single.values()), "".join(several), ",".join(several.values()))


def folded_sql(text: str, shared: Bind) -> str:
    """The folded text of an expression of type text. shared: binds a value that many tests need, once."""
    table = folding_table()
    single, folded = shared(table.single, "text"), shared(table.folded, "text")
    several, expansions = shared(table.several, "text"), shared(table.expansions, "text")
    # Character by character, most of which are ASCII: `translate` of a whole text walks the table for each of its own.
    character = (
        'CASE WHEN octet_length(c.c) = 1 THEN lower(c.c COLLATE "C") '
        f"WHEN strpos({several}, c.c) > 0 THEN split_part({expansions}, ',', strpos({several}, c.c)) "
        f"ELSE translate(c.c, {single}, {folded}) END"
    )
    characters = f"regexp_split_to_table({text}, '') WITH ORDINALITY AS c(c, n)"
    whole = f"(SELECT string_agg({character}, '' ORDER BY c.n) FROM {characters})"  # noqa: S608  # parameters alone
    is_ascii = f"octet_length({text}) = char_length({text})"
    return f'(CASE WHEN {is_ascii} THEN lower({text} COLLATE "C") ELSE {whole} END COLLATE "C")'
