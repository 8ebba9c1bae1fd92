"""What "same", "number" and "less" mean for JSON values in conditions. Used by the operators only.

Types are never cast: text is not a number, a boolean is not a number. Numbers are compared as numbers (1 equals 1.0,
integers of any size are exact), text by code points, and nothing else has an order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final

from ensue.core.conditions.keys import Scalar
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

ValueTest = Callable[[Json], bool]
_NUMBERS: Final = frozenset({int, float})
TEXT_OR_NUMBER: Final = "a text or a number"


def is_number(value: object) -> bool:
    """Whether this is a JSON number; a boolean is not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(left: object, right: object) -> bool:
    """Equality of JSON values, type by type; arrays by their elements in order, objects by their members."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict):
        return (
            isinstance(right, dict) and left.keys() == right.keys() and all(same(v, right[k]) for k, v in left.items())
        )
    if isinstance(left, (list, tuple)):
        return isinstance(right, (list, tuple)) and len(left) == len(right) and all(map(same, left, right))
    return left == right


def same_as(wanted: Json) -> ValueTest:
    """A test for being the same as `wanted`, as cheap as its type allows."""
    if isinstance(wanted, str):
        return lambda actual: actual == wanted
    if is_number(wanted):
        return lambda actual: actual == wanted and not isinstance(actual, bool)
    return lambda actual: same(actual, wanted)


def one_of(wanted: Json) -> ValueTest:
    """A test for being the same as one of the scalars in `wanted`."""
    keys = frozenset(_key(value) for value in listed(wanted))

    def test(actual: Json) -> bool:
        return not isinstance(actual, (dict, list, tuple)) and _key(actual) in keys

    return test


def ordered(wanted: Json, compare: Callable[[Any, Any], bool]) -> ValueTest:
    """A test `compare(actual, wanted)` that is false for a value of another type than `wanted`."""
    if isinstance(wanted, str):
        return lambda actual: isinstance(actual, str) and compare(actual, wanted)
    return lambda actual: (actual.__class__ in _NUMBERS or is_number(actual)) and compare(actual, wanted)


def on_text(test: Callable[[str], bool]) -> ValueTest:
    """A test of texts that is false for everything else."""
    return lambda actual: isinstance(actual, str) and test(actual)


def folded(value: Json) -> Json:
    """Text without its case (full Unicode folding, no normalisation); anything else as it is."""
    return value.casefold() if isinstance(value, str) else value


def folded_set(values: Json) -> frozenset[str]:
    """The texts among `values` without their case."""
    return frozenset(value.casefold() for value in listed(values) if isinstance(value, str))


def as_text(value: Json) -> Json:
    """Parse a right-hand side that must be text."""
    if not isinstance(value, str):
        raise InvalidValue("a text")
    return value


def as_text_or_number(value: Json) -> Json:
    """Parse a right-hand side that must have an order."""
    if not isinstance(value, str) and not is_number(value):
        raise InvalidValue(TEXT_OR_NUMBER)
    return value


def as_flag(value: Json) -> Json:
    """Parse a right-hand side that says yes or no."""
    if not isinstance(value, bool):
        raise InvalidValue("true or false (left out, it is true)")
    return value


def as_scalars(value: Json) -> Json:
    """Parse a right-hand side that lists texts, numbers, booleans or null."""
    if not isinstance(value, (list, tuple)) or not value or any(isinstance(v, (dict, list, tuple)) for v in value):
        raise InvalidValue("a list of at least one text, number, true, false or null")
    return value


def as_texts(value: Json) -> Json:
    """Parse a right-hand side that lists texts."""
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(v, str) for v in value):
        raise InvalidValue("a list of at least one text")
    return value


def as_range(value: Json) -> Json:
    """Parse a right-hand side that is a lowest and a highest value of one type."""
    expected = "a list of two numbers or two texts, the lower one first"
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise InvalidValue(expected)
    low, high = as_text_or_number(value[0]), as_text_or_number(value[1])
    if isinstance(low, str) != isinstance(high, str) or low > high:  # type: ignore[operator]  # both are of one type here
        raise InvalidValue(expected)
    return value


def as_any(value: Json) -> Json:
    """Parse a right-hand side that may be any JSON value."""
    return value


def listed(value: Json) -> list[Json]:
    """The elements of a right-hand side that is a list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def scalars(value: Json) -> tuple[Scalar, ...]:
    """The elements of a right-hand side that `as_scalars` took."""
    return tuple(v for v in listed(value) if v is None or isinstance(v, (bool, int, float, str)))


def bound(value: Json) -> int | float | str:
    """A right-hand side that `as_text_or_number` took."""
    if not isinstance(value, (int, float, str)):
        raise InvalidValue(TEXT_OR_NUMBER)
    return value


def _key(value: object) -> Hashable:
    return (isinstance(value, bool), value)
