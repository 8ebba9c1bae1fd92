"""The matcher: from a condition to a function of an event. Compiled once a trigger by `Ruleset`, run for each event.

Compiling raises InvalidValue for an unknown operator or field; a compiled matcher is total.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ensue.core.conditions.fields import compile_field
from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.tree import All, Any, Condition, Not, Test
from ensue.core.errors import InvalidValue
from ensue.core.event import Event

Matcher = Callable[[Event], bool]


def matches(condition: Condition, event: Event) -> bool:
    """Whether the event fulfils the condition."""
    return compile_condition(condition)(event)


def compile_condition(condition: Condition) -> Matcher:
    """A function that says of an event whether it fulfils `condition`."""
    match condition:
        case Test():
            return _compile_test(condition)
        case Not(member):
            inner = compile_condition(member)
            return lambda event: not inner(event)
        case All(members):
            return _all([compile_condition(member) for member in members])
        case Any(members):
            return _any([compile_condition(member) for member in members])


def _compile_test(test: Test) -> Matcher:
    operator = OPERATORS.get(test.operator)
    if operator is None:
        raise InvalidValue(f"no such operator: {test.operator}")
    select, holds = compile_field(test.path), operator.compile(operator.parse(test.value))
    return lambda event: holds(select(event))


def _all(members: Sequence[Matcher]) -> Matcher:
    if len(members) == 1:
        return members[0]

    def matcher(event: Event) -> bool:
        for member in members:  # noqa: SIM110  # a loop costs half of all() over a generator here
            if not member(event):
                return False
        return True

    return matcher


def _any(members: Sequence[Matcher]) -> Matcher:
    def matcher(event: Event) -> bool:
        for member in members:  # noqa: SIM110  # a loop costs half of any() over a generator here
            if member(event):
                return True
        return False

    return matcher
