"""Export of conditions as EventBridge patterns, for who moves a trigger there. What a pattern cannot say is refused.

The pattern agrees with the condition on every event whose fields hold one value each; type and data become
`detail-type` and `detail`. Case is folded their way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ensue.core.conditions.dialects.eventbridge import parse_pattern
from ensue.core.conditions.dialects.faults import DialectFault, DialectInvalid, step
from ensue.core.conditions.fields import DATA, print_field
from ensue.core.conditions.tree import All, Any, Condition, FieldRef, Not, Pattern, Quantifier, Test
from ensue.core.conditions.values import is_number
from ensue.core.json import Json, JsonObject

THEIR_NAMES: Final[Mapping[str, str]] = {
    "type": "detail-type", DATA: "detail", "source": "source", "id": "id", "time": "time",
}  # fmt: skip
_Matchers = list[Json]
_SIGNS: Final[Mapping[str, str]] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_LIKE: Final[Mapping[str, Callable[[str], Json]]] = {
    "starts_with": lambda text: {"prefix": text},
    "ends_with": lambda text: {"suffix": text},
    "starts_with_ci": lambda text: {"prefix": {"equals-ignore-case": text}},
    "ends_with_ci": lambda text: {"suffix": {"equals-ignore-case": text}},
    "eq_ci": lambda text: {"equals-ignore-case": text},
    "wildcard": lambda text: {"wildcard": text},
    "cidr": lambda text: {"cidr": text},
}
_EXCLUDABLE: Final[Mapping[str, str]] = {
    "starts_with": "prefix", "ends_with": "suffix", "eq_ci": "equals-ignore-case", "wildcard": "wildcard",
}  # fmt: skip


def to_pattern(condition: Condition) -> JsonObject:
    """The pattern that means the condition; DialectInvalid names, by pointer into the condition, what it cannot say."""
    exporter = _Exporter()
    document = exporter.node(condition, "")
    if not exporter.faults and not document:
        exporter.refuse("", "tests nothing, and a pattern has at least one field")
    if exporter.faults:
        raise DialectInvalid(exporter.faults)
    parse_pattern(document)
    return document


class _Exporter:
    def __init__(self) -> None:
        self.faults: list[DialectFault] = []

    def refuse(self, pointer: str, message: str) -> None:
        self.faults.append(DialectFault(pointer, message))

    def node(self, condition: Condition, pointer: str) -> dict[str, Json]:
        match condition:
            case Test():
                return self._nested(condition, self._matchers(condition, pointer), pointer)
            case All(members):
                return self._all(members, step(pointer, "all"))
            case Any(members):
                return self._any(members, pointer)
            case Pattern(document):
                return dict(document)
            case Not(Test(_, "exists", value, Quantifier.ANY, False) as test) if isinstance(value, bool):
                return self._nested(test, [{"exists": not value}], pointer)
            case Not():
                self.refuse(pointer, "denies something: a pattern cannot, but for exists and anything-but")
                return {}
        self.refuse(pointer, "is an expression, which a pattern cannot hold")
        return {}

    def _all(self, members: Sequence[Condition], pointer: str) -> dict[str, Json]:
        whole: dict[str, Json] = {}
        for index, member in enumerate(members):
            place = step(pointer, index)
            if not _merged(whole, self.node(member, place)):
                self.refuse(place, "cannot stand beside the tests before it: a pattern names each field, and $or, once")
        return whole

    def _any(self, members: Sequence[Condition], pointer: str) -> dict[str, Json]:
        tests = [member for member in members if isinstance(member, Test)]
        if tests and len(tests) == len(members) and len({(test.path, test.length) for test in tests}) == 1:
            places = [step(step(pointer, "any"), index) for index in range(len(tests))]
            matchers = [m for test, place in zip(tests, places, strict=True) for m in self._matchers(test, place)]
            return self._nested(tests[0], matchers, pointer)
        choices: list[Json] = [self.node(each, step(step(pointer, "any"), i)) for i, each in enumerate(members)]
        if len(choices) == 1 and isinstance(choices[0], dict):
            return choices[0]
        if not choices or not all(choices):
            self.refuse(pointer, "has a branch that tests nothing, or none at all")
        return {"$or": choices}

    def _nested(self, test: Test, matchers: _Matchers, pointer: str) -> dict[str, Json]:
        root = THEIR_NAMES.get(test.path[0])
        if root is None:
            self.refuse(pointer, f"reads {print_field(test.path)}, which an EventBridge event does not have")
            return {}
        value: Json = matchers
        for name in reversed(test.path[1:]):
            value = {name: value}
        return {root: value}

    def _matchers(self, test: Test, pointer: str) -> _Matchers:
        found = None if isinstance(test.value, FieldRef) or test.length else _of_test(test, test.value)
        if found is None:
            self.refuse(pointer, f"cannot be a matcher: {_worded(test)}")
        return found or []


def _merged(whole: dict[str, Json], part: Mapping[str, Json]) -> bool:
    """Put `part` into `whole`; false where both say something of one field."""
    for name, value in part.items():
        known = whole.get(name)
        if known is None:
            whole[name] = dict(value) if isinstance(value, Mapping) else value
        elif not isinstance(known, dict) or not isinstance(value, Mapping) or not _merged(known, value):
            return False
    return True


def _of_test(test: Test, value: Json) -> _Matchers | None:
    """The matchers of a test, one of which must match; None where there are none for it."""
    if test.quantifier is Quantifier.NONE:
        return _excluded(test.operator, value)
    if test.quantifier is Quantifier.EVERY:
        return None
    match test.operator:
        case "eq" | "in":
            return _scalars(value if test.operator == "in" else [value])
        case "neq" | "not_in":
            return _excluded("eq" if test.operator == "neq" else "in", value)
        case "gt" | "gte" | "lt" | "lte":
            return [{"numeric": [_SIGNS[test.operator], value]}] if is_number(value) else None
        case "between":
            return _between(value)
        case "exists":
            return [{"exists": value}]
        case "is_null":
            return [None] if value else None
    made = _LIKE.get(test.operator)
    return None if made is None or not isinstance(value, str) else [made(value)]


def _between(value: Json) -> _Matchers | None:
    if not isinstance(value, (list, tuple)) or not all(map(is_number, value)):
        return None
    low, high = value
    return [{"numeric": ["=", low] if low == high else [">=", low, "<=", high]}]


def _excluded(operator: str, value: Json) -> _Matchers | None:
    if operator in ("eq", "in"):
        values = list(value) if operator == "in" and isinstance(value, (list, tuple)) else [value]
        alike = all(isinstance(each, str) for each in values) or all(map(is_number, values))
        return [{"anything-but": values}] if alike else None
    name = _EXCLUDABLE.get(operator)
    return None if name is None or not value else [{"anything-but": {name: value}}]


def _scalars(value: Json) -> _Matchers | None:
    values = list(value) if isinstance(value, (list, tuple)) else []
    return None if any(isinstance(each, (Mapping, list, tuple)) for each in values) else values


def _worded(test: Test) -> str:
    if isinstance(test.value, FieldRef):
        return "a pattern compares no two fields"
    if test.length:
        return "a pattern knows no length"
    quantifier = "" if test.quantifier is Quantifier.ANY else f"{test.quantifier.value} "
    return f"{quantifier}{test.operator} of this value has no counterpart"
