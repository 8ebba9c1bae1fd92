"""What an operator is: a name, a parser of its right-hand side, and a compiler to a test of what its path selected.

Each module in `ensue.core.conditions.operators` holds one as `OPERATOR`; `registry` finds them there.
A path selects a sequence of values: none where it is missing, several where it leads through an array.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ensue.core.conditions.values import ValueTest
from ensue.core.json import Json

Selection = Sequence[Json]
SelectionTest = Callable[[Selection], bool]


@dataclass(frozen=True, slots=True)
class Operator:
    """One comparison operator.

    parse: checks and normalises the right-hand side; raises InvalidValue with what would be right.
    compile: from the parsed right-hand side to a test of the selected values. The test never raises.
    needs_value: whether `value` must be written; otherwise it is true where left out.
    """

    name: str
    parse: Callable[[Json], Json]
    compile: Callable[[Json], SelectionTest]
    needs_value: bool = True


def any_value(test: ValueTest) -> SelectionTest:
    """True when any selected value passes. An array at the end of the path is one value."""

    def selection_test(selection: Selection) -> bool:
        for value in selection:  # noqa: SIM110  # a loop costs half of any() over a generator here
            if test(value):
                return True
        return False

    return selection_test


def any_element(test: ValueTest) -> SelectionTest:
    """True when any selected value passes; an array at the end of the path stands for its elements."""

    def selection_test(selection: Selection) -> bool:
        for value in selection:
            if isinstance(value, (list, tuple)):
                if any(test(element) for element in value):
                    return True
            elif test(value):
                return True
        return False

    return selection_test


def any_like(wanted: Json, test: ValueTest) -> SelectionTest:
    """Elements are compared with a scalar, the array itself with an array."""
    return any_value(test) if isinstance(wanted, (list, tuple)) else any_element(test)
