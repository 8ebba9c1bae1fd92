"""The reader of RuleGroups: from react-querybuilder to a condition, or to every fault. Meaning: see `rule_group`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.dialects.faults import DialectFault, DialectInvalid, step
from ensue.core.conditions.dialects.rule_group import DENIED, LEAF_FIELD, LISTS, MAX_DEPTH, MODES, NULLS, THEIRS
from ensue.core.conditions.fields import parse_field, print_field
from ensue.core.conditions.leaves import LEAVES
from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.tree import ALWAYS, All, Any, Condition, FieldRef, Not, Quantifier, Test
from ensue.core.conditions.unknown import message_of
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

_GROUP_MEMBERS: Final = frozenset({"combinator", "not", "rules", "id", "path", "disabled"})
_RULE_MEMBERS: Final = frozenset({"field", "operator", "value", "valueSource", "match", "id", "path", "disabled"})
_NAMES: Final = (*THEIRS, *DENIED, *NULLS)


def from_rule_group(document: Json, context: Context = NO_CONTEXT) -> Condition:
    """The condition that a group means; DialectInvalid has every fault, by pointer into the group."""
    reader = _Reader(context)
    condition = reader.group(document, "", 1)
    if reader.faults:
        raise DialectInvalid(reader.faults)
    return condition


class _Reader:
    def __init__(self, context: Context) -> None:
        self.faults: list[DialectFault] = []
        self._context = context

    def fault(self, pointer: str, message: str, expected: str | None = None) -> None:
        self.faults.append(DialectFault(pointer, message, expected))

    def group(self, value: Json, pointer: str, depth: int) -> Condition:
        rules = value.get("rules") if isinstance(value, Mapping) else None
        if depth > MAX_DEPTH:
            self.fault(pointer, "is nested too deep", f"at most {MAX_DEPTH} levels of groups")
            return ALWAYS
        if not isinstance(value, Mapping) or not isinstance(rules, (list, tuple)):
            self.fault(pointer, "is not a group", '{"combinator": "and", "rules": [...]}')
            return ALWAYS
        if any(isinstance(rule, str) for rule in rules):
            self.fault(step(pointer, "rules"), "has combinators between its rules", "convertFromIC makes it a group")
            return ALWAYS
        self._refuse_unknown(value, _GROUP_MEMBERS, pointer)
        place = step(pointer, "rules")
        members = tuple(self._member(rule, step(place, index), depth) for index, rule in enumerate(rules))
        inner = self._combined(value.get("combinator"), members, pointer)
        denied = value.get("not", False)
        if not isinstance(denied, bool):
            self.fault(step(pointer, "not"), "is not true or false", "true or false")
        return Not(inner) if denied else inner

    def _member(self, value: Json, pointer: str, depth: int) -> Condition:
        if isinstance(value, Mapping) and "rules" in value:
            return self.group(value, pointer, depth + 1)
        return self._rule(value, pointer)

    def _combined(self, combinator: Json, members: tuple[Condition, ...], pointer: str) -> Condition:
        if combinator not in ("and", "or"):
            message = "has no counterpart" if combinator == "xor" else "is not a combinator"
            self.fault(step(pointer, "combinator"), message, '"and" or "or"')
        if combinator == "or" and not members:
            self.fault(step(pointer, "rules"), "is empty, so it could never be true", "at least one rule")
        if len(members) == 1:
            return members[0]
        return Any(members) if combinator == "or" else All(members)

    def _rule(self, value: Json, pointer: str) -> Condition:
        if not isinstance(value, Mapping):
            self.fault(pointer, "is not a rule", '{"field": ..., "operator": ..., "value": ...}')
            return ALWAYS
        if value.get("operator") in LEAVES and value.get("field") == LEAF_FIELD:
            return self._leaf(value, pointer)
        self._refuse_unknown(value, _RULE_MEMBERS, pointer)
        field = self._field(value.get("field"), step(pointer, "field"))
        if value.get("match") is not None:
            return self._matched(value, field, pointer)
        return ALWAYS if field is None else self._test(value, field, Quantifier.ANY, pointer)

    def _leaf(self, value: Mapping[str, Json], pointer: str) -> Condition:
        parsed = LEAVES[str(value["operator"])].parse(value.get("value"))
        if not isinstance(parsed, tuple):
            leaf: Condition = parsed
            return leaf
        for fault in parsed:
            self.fault(f"{step(pointer, 'value')}{fault.pointer}", fault.message, fault.expected)
        return ALWAYS

    def _matched(self, value: Mapping[str, Json], field: FieldRef | None, pointer: str) -> Condition:
        match, inner = value["match"], value.get("value")
        mode = match.get("mode") if isinstance(match, Mapping) else None
        if not isinstance(mode, str) or mode not in MODES:
            self.fault(step(pointer, "match"), "has no counterpart", f'{{"mode": ...}} with {", ".join(MODES)}')
            return ALWAYS
        rules = inner.get("rules") if isinstance(inner, Mapping) else None
        place = step(step(step(pointer, "value"), "rules"), 0)
        if not isinstance(inner, Mapping) or not isinstance(rules, (list, tuple)) or len(rules) != 1:
            self.fault(step(pointer, "value"), "is not one rule about each element", "a group with one rule")
            return ALWAYS
        rule, denied = rules[0], inner.get("not", False)
        if not isinstance(rule, Mapping) or "rules" in rule or denied is not False:
            self.fault(step(pointer, "value"), "is more than one rule about each element", "a group with one rule")
            return ALWAYS
        field = self._inside(field, rule.get("field"), step(place, "field"))
        return ALWAYS if field is None else self._test(rule, field, MODES[mode], place)

    def _inside(self, field: FieldRef | None, name: Json, pointer: str) -> FieldRef | None:
        """The field of a rule about elements: "" is the element itself, else a path within it."""
        if field is None or name == "":
            return field
        if not isinstance(name, str) or field.length:
            self.fault(pointer, "is not a field of the elements", '"" or a path within each element')
            return None
        return self._field(f"{print_field(field.path)}.{name}", pointer)

    def _field(self, text: Json, pointer: str) -> FieldRef | None:
        if not isinstance(text, str):
            self.fault(pointer, "is not a field", "the path of a field, such as data.score")
            return None
        try:
            return parse_field(text)
        except InvalidValue as error:
            self.fault(pointer, "is not a field", str(error))
            return None

    def _test(self, rule: Mapping[str, Json], field: FieldRef, quantifier: Quantifier, pointer: str) -> Condition:
        name = rule.get("operator")
        if isinstance(name, str) and name in NULLS:
            return Test(field.path, "is_null", NULLS[name], quantifier, length=field.length)
        denied = isinstance(name, str) and name in DENIED
        ours = {**THEIRS, **DENIED}.get(name, name) if isinstance(name, str) else None
        if ours is None or ours not in OPERATORS:
            self._unknown_operator(name, step(pointer, "operator"))
            return ALWAYS
        operand = self._operand(rule, ours, step(pointer, "value"))
        test = Test(field.path, ours, operand, quantifier, length=field.length)
        return Not(test) if denied else test

    def _operand(self, rule: Mapping[str, Json], name: str, pointer: str) -> Json | FieldRef:
        operator, value = OPERATORS[name], rule.get("value")
        if rule.get("valueSource") == "field":
            if not operator.takes_field:
                self.fault(pointer, f"cannot be a field: {name} is compared with a value", '"valueSource": "value"')
                return None
            return self._field(value, pointer)
        if name in LISTS and isinstance(value, str):
            value = [part.strip() for part in value.split(",")]
        try:
            parsed = operator.parse(True if not operator.needs_value and value in (None, "") else value)
            if operator.check is not None:
                operator.check(parsed, self._context)
        except InvalidValue as error:
            self.fault(pointer, message_of(error, name), str(error))
            return None
        return parsed

    def _unknown_operator(self, name: Json, pointer: str) -> None:
        names = sorted({*_NAMES, *OPERATORS})
        near = get_close_matches(name, names, 1) if isinstance(name, str) else []
        meant = f'; did you mean "{near[0]}"?' if near else ""
        self.fault(pointer, f"is not an operator{meant}", ", ".join(names))

    def _refuse_unknown(self, value: Mapping[str, Json], known: frozenset[str], pointer: str) -> None:
        for name in value:
            if name not in known:
                self.fault(step(pointer, name), "has no counterpart in a condition", ", ".join(sorted(known)))
