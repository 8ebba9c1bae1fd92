"""Conditions in documents: from `where` to the condition tree, and back. Called by `documents` and by the tools."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, cast

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.fields import DATA, ROOTS, parse_field, print_field
from ensue.core.conditions.leaf import LeafKind
from ensue.core.conditions.leaves import LEAVES, kind_of
from ensue.core.conditions.operator import OnImages, OnSelection, Operator
from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.tree import ALWAYS, All, Any, Condition, FieldRef, Not, Quantifier, Test
from ensue.core.conditions.unknown import message_of
from ensue.core.errors import InvalidValue
from ensue.core.json import Json, JsonObject
from ensue.wire.faults import Faults, step
from ensue.wire.sections import Section

MAX_DEPTH: Final = 32
MAX_TESTS: Final = 500
MAX_FIELD: Final = 500
_BRANCHES: Final = ("all", "any", "not")
_TEST: Final = ("field", "op", "value", "value_of", "quantifier")
_SPELLINGS: Final = {
    "=": "eq", "==": "eq", "equals": "eq", "is": "eq", "!=": "neq", "<>": "neq", "ne": "neq", "not_equals": "neq",
    ">": "gt", ">=": "gte", "ge": "gte", "<": "lt", "<=": "lte", "le": "lte", "nin": "not_in", "one_of": "in",
    "beginsWith": "starts_with", "prefix": "starts_with", "suffix": "ends_with", "null": "is_null",
    "matches": "regex", "match": "regex", "re": "regex", "like": "wildcard", "glob": "wildcard", "ip": "cidr",
    "missing": "exists", "is_empty": "empty", "becomes": "changed_to", "since": "after", "until": "before",
}  # fmt: skip
_EXPECTED: Final = "{all: [...]}, {any: [...]}, {not: {...}} or {field, op, value}"


def parse_condition(value: object, pointer: str, faults: Faults, context: Context | None = NO_CONTEXT) -> Condition:
    """The condition that `value` writes down; what is wrong with it goes to `faults`.

    context: what its names must be known in; None where that is not for the reader to judge.
    """
    return _Parser(faults, context).node(value, pointer, 1)


def print_condition(condition: Condition) -> JsonObject:
    """The document that `parse_condition` reads as this condition."""
    match condition:
        case Test():
            return _print_test(condition)
        case All(members):
            return {"all": [print_condition(member) for member in members]}
        case Any(members):
            return {"any": [print_condition(member) for member in members]}
        case Not(member):
            return {"not": print_condition(member)}
    kind = kind_of(condition)
    if kind is None:
        raise InvalidValue(f"no such leaf: {type(condition).__name__}")
    return {kind.name: kind.document(condition)}


def _print_test(test: Test) -> JsonObject:
    document: dict[str, Json] = {"field": print_field(test.path, length=test.length), "op": test.operator}
    if isinstance(test.value, FieldRef):
        document["value_of"] = print_field(test.value.path, length=test.value.length)
    else:
        document["value"] = test.value
    if test.quantifier is not Quantifier.ANY:
        document["quantifier"] = test.quantifier.value
    return document


class _Parser:
    def __init__(self, faults: Faults, context: Context | None) -> None:
        self._faults = faults
        self._context = context
        self._tests = 0

    def node(self, value: object, pointer: str, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            self._faults.add(pointer, "is nested too deep", f"at most {MAX_DEPTH} levels of all, any and not")
            return ALWAYS
        if not isinstance(value, Mapping):
            self._faults.add(pointer, "is not a condition", _EXPECTED)
            return ALWAYS
        words = [name for name in (*_BRANCHES, *LEAVES) if name in value]
        if not words:
            return self._test(value, pointer)
        if len(value) > 1:
            self._faults.add(pointer, f'has other members beside "{words[0]}"', f"exactly one of {_EXPECTED}")
        word, place = words[0], step(pointer, words[0])
        if word in _BRANCHES:
            return self._branch(word, value[word], place, depth)
        return self._leaf(word, value[word], place)

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

    def _leaf(self, name: str, value: object, pointer: str) -> Condition:
        self._count(pointer)
        kind: LeafKind[Condition] = LEAVES[name]
        # `refuse_unstorable` has looked at the whole document: what is here is JSON.
        leaf = kind.parse(cast("Json", value))
        if not isinstance(leaf, tuple):
            return leaf
        for fault in leaf:
            self._faults.add(pointer + fault.pointer, fault.message, fault.expected)
        return ALWAYS

    def _count(self, pointer: str) -> None:
        self._tests += 1
        if self._tests == MAX_TESTS + 1:
            self._faults.add(pointer, "is one test too many", f"at most {MAX_TESTS} tests")

    def _test(self, value: Mapping[str, object], pointer: str) -> Condition:
        self._count(pointer)
        if not set(_TEST) & value.keys():
            self._unknown_node(value, pointer)
            return ALWAYS
        section = Section(value, pointer, self._faults)
        field, name = self._field(section, "field"), section.text("op", 50)
        section.has("value")
        section.has("value_of")
        quantifier = section.choice("quantifier", Quantifier.ANY)
        section.refuse_unknown()
        operator = OPERATORS.get(name)
        if operator is None:
            if isinstance(section.members.get("op"), str):
                meant = _SPELLINGS.get(name)
                self._faults.add_unknown(step(pointer, "op"), name, OPERATORS, "operator", meant)
            return ALWAYS
        self._suits(section, operator, field, quantifier)
        return Test(field.path, name, self._operand(section, operator), quantifier, field.length)

    def _unknown_node(self, value: Mapping[str, object], pointer: str) -> None:
        if not value:
            self._faults.add(pointer, "is empty", _EXPECTED)
        for name in value:
            self._faults.add_unknown(step(pointer, name), name, (*_BRANCHES, *LEAVES, *_TEST), "part of a condition")

    def _field(self, section: Section, member: str) -> FieldRef:
        before = len(self._faults)
        text = section.text(member, MAX_FIELD)
        if len(self._faults) > before:
            return FieldRef(())
        try:
            return parse_field(text)
        except InvalidValue as error:
            section.fault(member, f"is not a field{_meant_field(text)}", str(error))
            return FieldRef(())

    def _suits(self, section: Section, operator: Operator, field: FieldRef, quantifier: Quantifier) -> None:
        """Whether a field and a quantifier go with an operator."""
        one_by_one = not isinstance(operator.judge, (OnSelection, OnImages))
        if quantifier is not Quantifier.ANY and not one_by_one:
            section.fault("quantifier", f"does not go with {operator.name}, which does not look at values one by one")
        if not isinstance(operator.judge, OnImages) or not field.path:
            return
        if field.path[0] != DATA or field.path[1:2] in (("before",), ("after",)):
            expected = 'the field in both images: "data.status" for data.before.status and data.after.status'
            section.fault("field", f"is not what {operator.name} compares", expected)

    def _operand(self, section: Section, operator: Operator) -> Json | FieldRef:
        given = "value" in section.members
        if "value_of" in section.members:
            return self._other_field(section, operator, given=given)
        if not given and operator.needs_value:
            section.fault("value", "is missing", "what the field is compared with")
            return None
        try:
            value = operator.parse(cast("Json", section.members["value"]) if given else True)
            if operator.check is not None and self._context is not None:
                operator.check(value, self._context)
        except InvalidValue as error:
            if not self._faults.is_full:  # else nobody sees it, and the name that was meant takes long to find
                section.fault("value", message_of(error, operator.name), str(error))
            return None
        return value

    def _other_field(self, section: Section, operator: Operator, *, given: bool) -> FieldRef:
        if given:
            section.fault("value_of", 'stands beside "value"', "one of the two")
        if not operator.takes_field:
            able = ", ".join(name for name, known in OPERATORS.items() if known.takes_field)
            section.fault("value_of", f"does not go with {operator.name}", f"one of the operators {able}")
        return self._field(section, "value_of")


def _meant_field(text: str) -> str:
    """A hint at the field that a text was meant for: its first name misspelt, or `data` left out."""
    first, dot, rest = text.partition(".")
    near = get_close_matches(first[:100], ROOTS, n=1)
    meant = [f"{near[0]}{dot}{rest}"] if near else []
    if near != [DATA]:
        meant.append(f"{DATA}.{text}")
    named = " or ".join(f'"{field}"' for field in meant if _is_field(field))
    return f"; did you mean {named}?" if named else ""


def _is_field(text: str) -> bool:
    try:
        parse_field(text)
    except InvalidValue:
        return False
    return True
