"""Index keys of a whole condition: what an event must at least have. Called by `ensue.matching`, which builds on it.

Negations are pushed down to the tests. Of the negation of a test nothing is known, but for `not exists: false`.
"""

from __future__ import annotations

from collections.abc import Callable

from ensue.core.conditions.fields import NOW
from ensue.core.conditions.keys import AllOf, AnyOf, Keys, Lookup, Needed, Present, all_of, any_of, holds
from ensue.core.conditions.leaves import kind_of
from ensue.core.conditions.match import image_path, operator_of
from ensue.core.conditions.operator import OnImages, OnSelection, Selection
from ensue.core.conditions.tree import All, Any, Condition, FieldRef, Not, Quantifier, Test


def needed(condition: Condition) -> Needed | None:
    """What is necessary for `condition` to hold; None where nothing is known: it must be asked about every event."""
    return _needed(condition, negated=False)


def fulfils(what: Needed | None, values_at: Callable[[tuple[str, ...]], Selection]) -> bool:
    """Whether an event whose paths select what `values_at` says fulfils a `Needed`; the measure of every index."""
    match what:
        case None:
            return True
        case Lookup(path, keys):
            return holds(keys, values_at(path))
        case AllOf(members):
            return all(fulfils(member, values_at) for member in members)
        case AnyOf(members):
            return any(fulfils(member, values_at) for member in members)


def _needed(condition: Condition, *, negated: bool) -> Needed | None:
    if isinstance(condition, Test):
        return _of_denied(condition) if negated else _of_test(condition)
    if isinstance(condition, (All, Any)):
        parts = [_needed(member, negated=negated) for member in condition.members]
        return all_of(parts) if isinstance(condition, All) is not negated else any_of(parts)
    if isinstance(condition, Not):
        return _needed(condition.member, negated=not negated)
    kind = kind_of(condition)
    return None if negated or kind is None else kind.keys(condition)


def _of_denied(test: Test) -> Needed | None:
    """`exists` alone is false just where something is there, or just where nothing is."""
    if not isinstance(operator_of(test).judge, OnSelection) or test.value or test.length:
        return None
    return _lookup(test.path, Present())


def _of_test(test: Test) -> Needed | None:
    operator = operator_of(test)
    if isinstance(test.value, FieldRef):
        return all_of([_lookup(test.path, Present()), _lookup(test.value.path, Present())])
    keys = operator.keys(test.value)
    if isinstance(operator.judge, OnImages):
        return _of_images(test, operator.judge.keyed, keys)
    if keys is None:
        return None
    return _lookup(test.path, Present() if test.length or test.quantifier is Quantifier.NONE else keys)


def _of_images(test: Test, image: str | None, keys: Keys | None) -> Needed | None:
    there = [_lookup(image_path(name, test.path[:1]), Present()) for name in ("before", "after")]
    if image is None or keys is None or test.length:
        return all_of(there)
    return all_of([_lookup(image_path(image, test.path), keys), *there])


def _lookup(path: tuple[str, ...], keys: Keys) -> Needed | None:
    return None if path == (NOW,) else Lookup(path, keys)
