"""The matcher: from a condition to a function of an event and an instant. Compiled once a trigger, run for each event.

The instant is the append time of the event's record, so that reading it again decides the same. Compiling raises
InvalidValue for an unknown operator, field or leaf. A compiled matcher is total, but for leaves that are not and for
the comparison of two fields that hold too many values: these raise NoVerdict.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.fields import DATA, Select, compile_field, opened, print_field
from ensue.core.conditions.leaf import Matcher
from ensue.core.conditions.leaves import kind_of
from ensue.core.conditions.operator import (
    OnImages,
    OnInstants,
    OnSelection,
    OnValues,
    Operator,
    Selection,
    TimedTest,
    ValueTest,
)
from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.tree import All, Any, Condition, FieldRef, Not, Quantifier, Test
from ensue.core.errors import InvalidValue, NoVerdict
from ensue.core.event import Event
from ensue.core.json import Json

SelectionTest = Callable[[Selection], bool]
MOST_PAIRS: Final = 1_000_000
_SCALARS: Final = frozenset({str, int, float, bool})


def matches(condition: Condition, event: Event, now: datetime, context: Context = NO_CONTEXT) -> bool:
    """Whether the event fulfils the condition, decided at `now`."""
    return compile_condition(condition, context)(event, now)


def compile_condition(condition: Condition, context: Context = NO_CONTEXT) -> Matcher:
    """A function that says of an event, at an instant, whether it fulfils `condition`."""
    match condition:
        case Test():
            return _compile_test(condition, context)
        case Not(member):
            inner = compile_condition(member, context)
            return lambda event, now: not inner(event, now)
        case All(members):
            return _all([compile_condition(member, context) for member in members])
        case Any(members):
            return _any([compile_condition(member, context) for member in members])
    kind = kind_of(condition)
    if kind is None:
        raise InvalidValue(f"no such leaf: {type(condition).__name__}")
    return kind.compile(condition)


def operator_of(test: Test) -> Operator:
    """The operator of a test; InvalidValue where there is none of its name."""
    operator = OPERATORS.get(test.operator)
    if operator is None:
        raise InvalidValue(f"no such operator: {test.operator}")
    return operator


def image_path(image: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """Where a field of `data` lies in one of the two images of a change, `before` or `after`."""
    if path[0] != DATA:
        raise InvalidValue(f"no such field: {print_field(path)} in {image}")
    return (DATA, image, *path[1:])


def quantified(test: ValueTest, quantifier: Quantifier, *, elements: bool) -> SelectionTest:
    """A test of all that a path selected; with `elements`, arrays among it stand for what is in them."""
    if quantifier is Quantifier.ANY:
        return _any_element(test) if elements else _any_value(test)
    wanted = quantifier is Quantifier.EVERY

    def holds(selection: Selection) -> bool:
        values = opened(selection) if elements else selection
        return bool(values) and all(test(value) is wanted for value in values)

    return holds


def _compile_test(test: Test, context: Context) -> Matcher:
    operator = operator_of(test)
    if isinstance(test.value, FieldRef):
        return _compile_with_field(test, test.value, operator, context)
    select, value = compile_field(test.path, length=test.length), operator.parse(test.value)
    match operator.judge:
        case OnValues() as judge:
            return _compile_values(test, judge.test(value), select, elements=judge.opens.elements(value))
        case OnInstants() as judge:
            elements = judge.opens.elements(value)
            return _timed(select, judge.test(value, context), test.quantifier, elements=elements)
        case OnSelection() as selection:
            found = selection.test(value)
            return lambda event, now: found(select(event, now))
        case OnImages() as images:
            return _compile_images(test, images.test(value))


def _compile_values(test: Test, one: ValueTest, select: Select, *, elements: bool) -> Matcher:
    holds = quantified(one, test.quantifier, elements=elements)

    def matcher(event: Event, now: datetime) -> bool:
        return holds(select(event, now))

    if test.path[0] != DATA or test.length or test.quantifier is not Quantifier.ANY:
        return matcher
    return _quick(test.path[1:], one, matcher)


def _quick(names: tuple[str, ...], test: ValueTest, otherwise: Matcher) -> Matcher:
    """What `otherwise` says of an event, in half its time where objects lead to one value: that is all there is."""

    def matcher(event: Event, now: datetime) -> bool:
        value = event.data
        for name in names:
            if value.__class__ is not dict or name not in value:
                return otherwise(event, now)
            value = value[name]
        return test(value) if value.__class__ in _SCALARS else otherwise(event, now)

    return matcher


def _timed(
    select: Callable[[Event, datetime], Selection], test: TimedTest, quantifier: Quantifier, *, elements: bool
) -> Matcher:
    def matcher(event: Event, now: datetime) -> bool:
        return quantified(lambda value: test(value, now), quantifier, elements=elements)(select(event, now))

    return matcher


def _compile_images(test: Test, changed: Callable[[Selection, Selection], bool]) -> Matcher:
    before = compile_field(image_path("before", test.path), length=test.length)
    after = compile_field(image_path("after", test.path), length=test.length)

    def matcher(event: Event, now: datetime) -> bool:
        return has_images(event) and changed(before(event, now), after(event, now))

    return matcher


def has_images(event: Event) -> bool:
    """Whether the event's data says what was before and after: both are there, each an object or null."""
    data = event.data
    return isinstance(data, dict) and all(
        image in data and (data[image] is None or isinstance(data[image], dict)) for image in ("before", "after")
    )


def _compile_with_field(test: Test, other: FieldRef, operator: Operator, context: Context) -> Matcher:
    """Any value of the other field may be the right-hand side; nothing compares with one that the operator refuses."""
    if not operator.takes_field or not isinstance(operator.judge, OnValues):
        raise InvalidValue(f"{test.operator} is not compared with another field")
    select, wanted = compile_field(test.path, length=test.length), compile_field(other.path, length=other.length)
    judge = operator.judge
    elements = judge.opens.elements(None)

    def matcher(event: Event, now: datetime) -> bool:
        values = [value for value in opened(wanted(event, now)) if not isinstance(value, (list, tuple))]
        tests = [judge.test(value) for value in values if accepts(operator, value)]
        found = select(event, now)
        _bound_pairs(opened(found) if elements else found, tests)
        holds = quantified(lambda actual: any(one(actual) for one in tests), test.quantifier, elements=elements)
        return bool(values) and holds(found)

    return matcher


def _bound_pairs(actual: Sequence[Json], wanted: Sequence[ValueTest]) -> None:
    """Each value is compared with each: of two arrays that fill an event that would take minutes."""
    if len(actual) * len(wanted) > MOST_PAIRS:
        raise NoVerdict(f"compares {len(actual)} values with {len(wanted)}: over {MOST_PAIRS} pairs")


def accepts(operator: Operator, value: Json) -> bool:
    """Whether an operator takes this right-hand side."""
    try:
        operator.parse(value)
    except InvalidValue:
        return False
    return True


def _any_value(test: ValueTest) -> SelectionTest:
    def holds(selection: Selection) -> bool:
        for value in selection:  # noqa: SIM110  # a loop costs half of any() over a generator here
            if test(value):
                return True
        return False

    return holds


def _any_element(test: ValueTest) -> SelectionTest:
    def holds(selection: Selection) -> bool:
        for value in selection:
            if isinstance(value, (list, tuple)):
                if any(test(element) for element in value):
                    return True
            elif test(value):
                return True
        return False

    return holds


def _all(members: Sequence[Matcher]) -> Matcher:
    if len(members) == 1:
        return members[0]

    def matcher(event: Event, now: datetime) -> bool:
        for member in members:  # noqa: SIM110  # a loop costs half of all() over a generator here
            if not member(event, now):
                return False
        return True

    return matcher


def _any(members: Sequence[Matcher]) -> Matcher:
    def matcher(event: Event, now: datetime) -> bool:
        for member in members:  # noqa: SIM110  # a loop costs half of any() over a generator here
            if member(event, now):
                return True
        return False

    return matcher
