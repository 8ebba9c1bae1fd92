"""Explanation: why a condition did or did not hold, as a tree of its shape. Made by `explain`, shown by the tools."""

from __future__ import annotations

from dataclasses import dataclass

from ensue.core.json import Json


@dataclass(frozen=True, slots=True)
class Explanation:
    """One node of a condition with its verdict.

    kind: all, any, not, test, or the name of a leaf's dialect.
    sentence: the node in English; of a branch only its word.
    decided: the verdict of the whole rests on this node: with all such nodes as they are, no other could change it.
    field, operator, quantifier, wanted, actual: of tests. `actual` is every value that was looked at (at most 20).
    note: what else is worth saying, such as "the field is missing".
    """

    kind: str
    verdict: bool
    sentence: str
    decided: bool = False
    members: tuple[Explanation, ...] = ()
    field: str | None = None
    operator: str | None = None
    quantifier: str | None = None
    wanted: Json = None
    actual: tuple[Json, ...] = ()
    note: str | None = None
