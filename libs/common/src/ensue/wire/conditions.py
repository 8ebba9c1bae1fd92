"""Conditions in documents: from `where` to the condition tree. Called by `documents`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from ensue.core.conditions.fields import parse_field
from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.tree import ALWAYS, All, Any, Condition, Not, Test
from ensue.core.errors import InvalidValue
from ensue.core.json import Json
from ensue.wire.faults import Faults, step
from ensue.wire.sections import Section

MAX_DEPTH: Final = 32
MAX_TESTS: Final = 500
MAX_FIELD: Final = 500
_BRANCHES: Final = ("all", "any", "not")
_SPELLINGS: Final = {
    "=": "eq", "==": "eq", "equals": "eq", "is": "eq", "!=": "neq", "<>": "neq", "ne": "neq", "not_equals": "neq",
    ">": "gt", ">=": "gte", "ge": "gte", "<": "lt", "<=": "lte", "le": "lte", "nin": "not_in", "one_of": "in",
    "beginsWith": "starts_with", "prefix": "starts_with", "suffix": "ends_with", "null": "is_null",
}  # fmt: skip
_EXPECTED: Final = "{all: [...]}, {any: [...]}, {not: {...}} or {field, op, value}"


def parse_condition(value: object, pointer: str, faults: Faults) -> Condition:
    """The condition that `value` writes down; what is wrong with it goes to `faults`."""
    return _Parser(faults).node(value, pointer, 1)


class _Parser:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._tests = 0

    def node(self, value: object, pointer: str, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            self._faults.add(pointer, "is nested too deep", f"at most {MAX_DEPTH} levels of all, any and not")
            return ALWAYS
        if not isinstance(value, Mapping):
            self._faults.add(pointer, "is not a condition", _EXPECTED)
            return ALWAYS
        branches = [name for name in _BRANCHES if name in value]
        if not branches:
            return self._test(value, pointer)
        if len(value) > 1:
            self._faults.add(pointer, f'has other members beside "{branches[0]}"', f"exactly one of {_EXPECTED}")
        return self._branch(branches[0], value[branches[0]], step(pointer, branches[0]), depth)

    def _branch(self, name: str, value: object, pointer: str, depth: int) -> Condition:
        if name == "not":
            return Not(self.node(value, pointer, depth + 1))
        if not isinstance(value, (list, tuple)):
            self._faults.add(pointer, "is not a list", "a list of conditions")
            return ALWAYS
        if name == "any" and not value:
            self._faults.add(pointer, "is empty, so it could never be true", "at least one condition")
        members = tuple(self.node(member, step(pointer, index), depth + 1) for index, member in enumerate(value))
        return All(members) if name == "all" else Any(members)

    def _test(self, value: Mapping[str, object], pointer: str) -> Condition:
        self._tests += 1
        if self._tests == MAX_TESTS + 1:
            self._faults.add(pointer, "is one test too many", f"at most {MAX_TESTS} tests")
        if not {"field", "op", "value"} & value.keys():
            self._unknown_node(value, pointer)
            return ALWAYS
        section = Section(value, pointer, self._faults)
        path, name = self._path(section), section.text("op", 50)
        operand = self._operand(section, name)
        section.refuse_unknown()
        return Test(path, name, operand)

    def _unknown_node(self, value: Mapping[str, object], pointer: str) -> None:
        if not value:
            self._faults.add(pointer, "is empty", _EXPECTED)
        for name in value:
            self._faults.add_unknown(
                step(pointer, name), name, (*_BRANCHES, "field", "op", "value"), "part of a condition"
            )

    def _path(self, section: Section) -> tuple[str, ...]:
        before = len(self._faults)
        text = section.text("field", MAX_FIELD)
        if len(self._faults) > before:
            return ()
        try:
            return parse_field(text)
        except InvalidValue as error:
            section.fault("field", "is not a field", str(error))
            return ()

    def _operand(self, section: Section, name: str) -> Json:
        section.has("value")
        given = "value" in section.members
        operator = OPERATORS.get(name)
        if operator is None:
            if isinstance(section.members.get("op"), str):
                meant = _SPELLINGS.get(name)
                self._faults.add_unknown(step(section.pointer, "op"), name, OPERATORS, "operator", meant)
            return None
        if not given and operator.needs_value:
            section.fault("value", "is missing", "what the field is compared with")
            return None
        try:
            # `refuse_unstorable` has looked at the whole document: what is here is JSON.
            return operator.parse(cast("Json", section.members["value"]) if given else True)
        except InvalidValue as error:
            section.fault("value", f"cannot be compared by {name}", str(error))
            return None
