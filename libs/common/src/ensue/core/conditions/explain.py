"""Explain: why a condition did or did not hold for an event. Every test with what it wanted and what was there.

Called by the tools and the API. The verdicts are the matcher's own. A node decided the result if that rests on it: of a
false `all` the false members alone, of a true `any` the true ones, otherwise all of them. The nearest miss is the
smallest set of tests that, turned, would have turned the whole.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.english import english, literal
from ensue.core.conditions.explanation import Explanation
from ensue.core.conditions.fields import compile_field, opened, print_field
from ensue.core.conditions.leaves import kind_of
from ensue.core.conditions.match import compile_condition, has_images, image_path, operator_of
from ensue.core.conditions.operator import OnImages, OnSelection
from ensue.core.conditions.tree import All, Any, Condition, FieldRef, Not, Quantifier, Test
from ensue.core.errors import InvalidValue, NoVerdict
from ensue.core.event import Event
from ensue.core.json import Json

MOST_VALUES: Final = 20


def explain(condition: Condition, event: Event, now: datetime, context: Context = NO_CONTEXT) -> Explanation:
    """The tree of `condition` with its verdicts for `event` at `now`."""
    return decided(_node(condition, event, now, context))


def nearest_miss(explanation: Explanation) -> tuple[Explanation, ...]:
    """The fewest tests that would have had to come out the other way for the whole to; of equal ways the first.

    Nothing where no test could change it, as in `all` of nothing.
    """
    return _turning(explanation) or ()


def _node(condition: Condition, event: Event, now: datetime, context: Context) -> Explanation:
    match condition:
        case Test():
            return _test(condition, event, now, context)
        case Not(member):
            inner = _node(member, event, now, context)
            return Explanation("not", not inner.verdict, "not", members=(inner,))
        case All(members):
            inners = tuple(_node(member, event, now, context) for member in members)
            return Explanation("all", all(inner.verdict for inner in inners), "all of", members=inners)
        case Any(members):
            inners = tuple(_node(member, event, now, context) for member in members)
            return Explanation("any", any(inner.verdict for inner in inners), "any of", members=inners)
    kind = kind_of(condition)
    if kind is None:
        raise InvalidValue(f"no such leaf: {type(condition).__name__}")
    return kind.explain(condition, event, now)


def _test(test: Test, event: Event, now: datetime, context: Context) -> Explanation:
    actual = _actual(test, event, now)
    note = _note(test, event, now, actual)
    try:
        verdict = compile_condition(test, context)(event, now)
    except NoVerdict as error:
        verdict, note = False, f"it has no verdict: {error}"
    return Explanation(
        kind="test",
        verdict=verdict,
        sentence=english(test),
        field=print_field(test.path, length=test.length),
        operator=test.operator,
        quantifier=None if test.quantifier is Quantifier.ANY else test.quantifier.value,
        wanted=literal(test),
        actual=actual[:MOST_VALUES],
        note=note,
    )


def _actual(test: Test, event: Event, now: datetime) -> tuple[Json, ...]:
    """The values that were looked at: of a change, first those before, then those after."""
    judge = operator_of(test).judge
    if isinstance(judge, OnImages):
        paths = (image_path(image, test.path) for image in ("before", "after"))
        return tuple(list(compile_field(path, length=test.length)(event, now)) for path in paths)
    selection = compile_field(test.path, length=test.length)(event, now)
    if isinstance(judge, OnSelection):
        return tuple(selection)
    value = None if isinstance(test.value, FieldRef) else test.value
    return tuple(opened(selection) if judge.opens.elements(value) else selection)


def _note(test: Test, event: Event, now: datetime, actual: tuple[Json, ...]) -> str | None:
    """What a reader could not see in the actual values."""
    if isinstance(operator_of(test).judge, OnImages):
        return None if has_images(event) else "the event has no images before and after"
    if not actual:
        there = compile_field(test.path)(event, now)
        if not there:
            return "the field is missing"
        return "the field has no length" if test.length else "the array has no elements"
    if isinstance(test.value, FieldRef):
        other = compile_field(test.value.path, length=test.value.length)(event, now)
        return None if other else f"{print_field(test.value.path, length=test.value.length)} is missing"
    if len(actual) > MOST_VALUES:
        return f"{len(actual) - MOST_VALUES} more values are not shown"
    return None


def decided(node: Explanation) -> Explanation:
    """The tree with `decided` set on every node whose verdict counted, from the root down."""
    members = tuple(decided(inner) if _counts(node, inner) else inner for inner in node.members)
    return replace(node, decided=True, members=members)


def _counts(node: Explanation, inner: Explanation) -> bool:
    if node.kind == "all":
        return node.verdict or not inner.verdict
    return node.kind != "any" or not node.verdict or inner.verdict


def _turning(node: Explanation) -> tuple[Explanation, ...] | None:
    """The fewest tests to turn so that `node` turns; None where nothing could: it is all or any of nothing."""
    if node.kind not in {"all", "any", "not"}:
        return (node,)
    ways = [_turning(inner) for inner in node.members if node.kind == "not" or _counts(node, inner)]
    possible = [way for way in ways if way is not None]
    if node.verdict is not (node.kind == "any"):  # turning one member is enough
        return min(possible, key=len, default=None)
    return tuple(test for way in possible for test in way) if ways and len(possible) == len(ways) else None
