"""Terms: a condition as alternatives, each a list of literals that must all hold. Used by `answers`.

Negations are pushed down to the tests. What a leaf of another dialect implies (its index keys) stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ensue.core.conditions.analysis.effort import Effort
from ensue.core.conditions.keys import (
    AllOf,
    AnyOf,
    Equals,
    Keys,
    Lookup,
    Needed,
    NotEquals,
    Prefixes,
    Present,
    Suffixes,
)
from ensue.core.conditions.leaves import kind_of
from ensue.core.conditions.tree import ALWAYS, All, Any, Condition, Leaf, Not, Test

MAX_TERMS: Final = 64


@dataclass(frozen=True, slots=True)
class Literal:
    """A test that must hold (or, `denied`, must not)."""

    test: Test
    denied: bool


@dataclass(frozen=True, slots=True)
class Term:
    """One alternative; of what is no test (CEL, say) only what it implies stands here."""

    literals: tuple[Literal, ...]


def terms_of(condition: Condition, effort: Effort, *, denied: bool = False) -> tuple[Term, ...] | None:
    """The alternatives of a condition (or of its denial), () where it never holds; None where over MAX_TERMS."""
    effort.spend(1)
    match condition:
        case Test():
            return (Term((Literal(condition, denied),)),)
        case Not(member):
            return terms_of(member, effort, denied=not denied)
        case All(members) | Any(members):
            parts = [terms_of(member, effort, denied=denied) for member in members]
            return _both(parts, effort) if isinstance(condition, All) is not denied else _either(parts)
    verdict = effort.verdict_of(condition)
    if verdict is not None:
        return () if verdict is denied else (Term(()),)
    return (Term(()),) if denied else _of_leaf(condition, effort)


def _either(parts: list[tuple[Term, ...] | None]) -> tuple[Term, ...] | None:
    found: list[Term] = []
    for part in parts:
        if part is None or len(found) + len(part) > MAX_TERMS:
            return None
        found.extend(part)
    return tuple(found)


def _both(parts: list[tuple[Term, ...] | None], effort: Effort) -> tuple[Term, ...] | None:
    """The product: what stands in one alternative alone is common to all."""
    common: list[Literal] = []
    several: list[tuple[Term, ...]] = []
    for part in parts:
        if part is None:
            return None
        if len(part) == 1:
            common.extend(part[0].literals)
        else:
            several.append(part)
    found: tuple[Term, ...] = (Term(tuple(common)),)
    for part in sorted(several, key=len):
        if len(found) * len(part) > MAX_TERMS:
            return None
        found = tuple(Term(before.literals + term.literals) for before in found for term in part)
        effort.spend(sum(len(term.literals) for term in found))
    return found


def _of_leaf(leaf: Leaf, effort: Effort) -> tuple[Term, ...] | None:
    kind = kind_of(leaf)
    return (Term(()),) if kind is None else terms_of(_implied(kind.keys(leaf)), effort)


def _implied(needed: Needed | None) -> Condition:
    match needed:
        case None:
            return ALWAYS
        case AllOf(members):
            return All(tuple(_implied(member) for member in members))
        case AnyOf(members):
            return Any(tuple(_implied(member) for member in members))
        case Lookup(path, keys):
            return _tested(path, keys)


def _tested(path: tuple[str, ...], keys: Keys) -> Condition:
    """A test that holds wherever the keys are fulfilled."""
    match keys:
        case Equals(values):
            return Test(path, "in", list(values))
        case NotEquals(values):
            return Test(path, "not_in", list(values))
        case Prefixes(texts):
            return Any(tuple(Test(path, "starts_with", text) for text in texts))
        case Suffixes(texts):
            return Any(tuple(Test(path, "ends_with", text) for text in texts))
        case Present():
            return Test(path, "exists", value=True)
        case _:
            return ALWAYS
