"""What a leaf of another dialect is: one value that gives its name in documents and all its meanings.

Each module in `ensue.core.conditions.leaf_kinds` holds one as `LEAF`; `leaves` finds them there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from ensue.core.conditions.explanation import Explanation
from ensue.core.conditions.keys import Needed
from ensue.core.conditions.sql_place import SqlTest
from ensue.core.conditions.sql_rows import Rows
from ensue.core.event import Event
from ensue.core.json import Json

Matcher = Callable[[Event, datetime], bool]
L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class LeafFault:
    """One thing that is wrong with a leaf; `pointer` leads on from the leaf's own place ("" is the leaf itself)."""

    pointer: str
    message: str
    expected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafKind(Generic[L]):
    """One dialect. Every function is total for a leaf that `parse` gave without faults.

    name: the member that holds it in documents, as in {"pattern": {...}}.
    type: the class of its values, a member of `tree.Leaf`.
    parse: from JSON to the leaf, or to every fault of it.
    document: back again; parse(document(leaf)) is the leaf.
    compile: to a matcher, which never raises. compile may raise InvalidValue for a leaf that `parse` never saw.
    keys: what is necessary for it, None where nothing is known.
    english: a clause, such as "it matches the pattern ...".
    verdict: the one that it has on every event; None where that depends on the event, or is not known.
    sql: a test of these rows, None where there is none (all rows that its keys leave are then asked).
    explain: why it did or did not hold.
    """

    name: str
    type: type[L]
    parse: Callable[[Json], L | tuple[LeafFault, ...]]
    document: Callable[[L], Json]
    compile: Callable[[L], Matcher]
    keys: Callable[[L], Needed | None]
    english: Callable[[L], str]
    explain: Callable[[L, Event, datetime], Explanation]
    verdict: Callable[[L], bool | None] = lambda _: None
    sql: Callable[[L, Rows], SqlTest] | None = None
