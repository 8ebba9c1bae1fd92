"""English: a condition as one sentence. Shown beside a trigger and by the tools; it never fails.

`data.` is left out before a field, for most fields have it. A branch within another stands in parentheses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ensue.core.conditions.fields import DATA, print_field
from ensue.core.conditions.leaves import kind_of
from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.tree import All, Any, Condition, FieldRef, Not, Quantifier, Test
from ensue.core.conditions.wording import Phrase, shown
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

_BEFORE: Final = {Quantifier.ANY: "", Quantifier.EVERY: "every value of ", Quantifier.NONE: "no value of "}


def english(condition: Condition) -> str:
    """What a condition asks, without a full stop: `score is at least 0.8 and tags contains "rush"`."""
    match condition:
        case Test():
            return sentence(condition)
        case Not(member):
            return f"not ({english(member)})"
        case All(members):
            return _joined(members, "and", "always")
        case Any(members):
            return _joined(members, "or", "never")
    kind = kind_of(condition)
    return f"an unknown {type(condition).__name__}" if kind is None else kind.english(condition)


def sentence(test: Test) -> str:
    """What one test asks."""
    field = FieldRef(test.path, test.length)
    subject = _BEFORE[test.quantifier] + field_name(field)
    operator = OPERATORS.get(test.operator)
    if operator is None:
        return f"{subject} {test.operator} {wanted(test)}"
    if isinstance(test.value, FieldRef):
        return f"{subject} {operator.english(Phrase(f'the value of {field_name(test.value)}'))}"
    try:
        return f"{subject} {operator.english(operator.parse(test.value))}"
    except InvalidValue:  # a tree that no parser saw
        return f"{subject} {test.operator} {wanted(test)}"


def field_name(field: FieldRef) -> str:
    """A field as a sentence names it."""
    if field.path == ("now",):
        name = "the time of arrival"
    else:
        inner = field.path[0] == DATA and len(field.path) > 1
        name = print_field(field.path[1:] if inner else field.path)
    return f"the length of {name}" if field.length else name


def wanted(test: Test) -> str:
    """The right-hand side of a test in words."""
    return field_name(test.value) if isinstance(test.value, FieldRef) else shown(test.value)


def literal(test: Test) -> Json:
    """The right-hand side of a test as JSON; another field by its name."""
    if isinstance(test.value, FieldRef):
        return {"value_of": print_field(test.value.path, length=test.value.length)}
    return test.value


def _joined(members: Sequence[Condition], word: str, nothing: str) -> str:
    if not members:
        return nothing
    if len(members) == 1:
        return english(members[0])
    return f" {word} ".join(
        f"({english(member)})" if isinstance(member, (All, Any)) and len(member.members) > 1 else english(member)
        for member in members
    )
