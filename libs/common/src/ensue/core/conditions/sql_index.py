"""What an index can answer of a condition in SQL: its necessary equalities, said beside the exact test. Used by `sql`.

They come from the keys that the matcher's index is built of (`needed`), so the two cannot disagree about what is
necessary. Only equality can be looked up in a GIN index of jsonb; of everything else nothing is said here.
"""

from __future__ import annotations

from typing import Final

from ensue.core.conditions.keys import AllOf, AnyOf, Equals, Lookup, Needed
from ensue.core.conditions.sql_rows import Rows

MOST_ALTERNATIVES: Final = 50  # each is a search of its own in the index


def indexable(what: Needed | None, rows: Rows) -> str | None:
    """A boolean expression that every row fulfils which has what is needed; None where no index would answer it."""
    if what is None or not _answerable(what, rows):
        return None
    match what:
        case Lookup(path, Equals(values)):
            return rows.equals(path, values)
        case AllOf(members):
            return f"({' AND '.join(filter(None, (indexable(member, rows) for member in members)))})"
        case AnyOf(members):
            return f"({' OR '.join(filter(None, (indexable(member, rows) for member in members)))})"
    return None


def _answerable(what: Needed, rows: Rows) -> bool:
    """Asked before anything is bound: a parameter that no text names would be refused by PostgreSQL."""
    match what:
        case Lookup(path, Equals(values)):
            return len(values) <= MOST_ALTERNATIVES and rows.can_equal(path)
        case AllOf(members):
            return any(_answerable(member, rows) for member in members)
        case AnyOf(members):
            return bool(members) and all(_answerable(member, rows) for member in members)
    return False
