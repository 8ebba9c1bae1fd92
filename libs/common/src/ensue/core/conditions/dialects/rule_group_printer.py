"""The printer of RuleGroups: from a condition to the JSON that react-querybuilder edits. Meaning: see `rule_group`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ensue.core.conditions.dialects.faults import DialectFault, DialectInvalid, step
from ensue.core.conditions.dialects.rule_group import DENIED, LEAF_FIELD, MODES, NULLS, THEIRS, is_plain
from ensue.core.conditions.fields import print_field
from ensue.core.conditions.leaves import kind_of
from ensue.core.conditions.tree import All, Any, Condition, FieldRef, Not, Test
from ensue.core.json import Json, JsonObject

_THEIR_NAME: Final = {ours: theirs for theirs, ours in THEIRS.items()}
_DENIED_NAME: Final = {ours: theirs for theirs, ours in DENIED.items()}
_MODE_NAME: Final = {quantifier: mode for mode, quantifier in MODES.items()}
_NULL_NAME: Final = {flag: name for name, flag in NULLS.items()}


def to_rule_group(condition: Condition) -> JsonObject:
    """The group that means the condition; DialectInvalid names, by pointer into the condition, what it cannot say."""
    printer = _Printer()
    node = printer.node(condition, "")
    if printer.faults:
        raise DialectInvalid(printer.faults)
    return node if "combinator" in node else {"combinator": "and", "rules": [node]}


class _Printer:
    def __init__(self) -> None:
        self.faults: list[DialectFault] = []

    def node(self, condition: Condition, pointer: str) -> JsonObject:
        match condition:
            case All(members):
                return self._group("and", members, step(pointer, "all"))
            case Any(members):
                if not members:
                    self.faults.append(
                        DialectFault(pointer, "is an empty any, which react-querybuilder takes for true")
                    )
                return self._group("or", members, step(pointer, "any"))
            case Not(member):
                return self._denied(member, step(pointer, "not"))
            case Test():
                return _rule(condition)
        kind = kind_of(condition)
        if kind is None:
            self.faults.append(DialectFault(pointer, f"is a {type(condition).__name__}, which no rule can be"))
            return {}
        return {"field": LEAF_FIELD, "operator": kind.name, "value": kind.document(condition)}

    def _group(self, combinator: str, members: Sequence[Condition], pointer: str) -> JsonObject:
        if len(members) == 1:
            return self.node(members[0], step(pointer, 0))
        rules: list[Json] = [self.node(member, step(pointer, index)) for index, member in enumerate(members)]
        return {"combinator": combinator, "rules": rules}

    def _denied(self, member: Condition, pointer: str) -> JsonObject:
        while isinstance(member, (All, Any)) and len(member.members) == 1:
            pointer = step(step(pointer, "all" if isinstance(member, All) else "any"), 0)
            member = member.members[0]
        if isinstance(member, Test) and member.operator in _DENIED_NAME and is_plain(member):
            return {**_rule(member), "operator": _DENIED_NAME[member.operator]}
        inner = self.node(member, pointer)
        if "combinator" in inner and not inner.get("not"):
            return {**inner, "not": True}
        return {"combinator": "and", "not": True, "rules": [inner]}


def _rule(test: Test) -> JsonObject:
    field = print_field(test.path, length=test.length)
    if is_plain(test):
        return {"field": field, **_comparison(test)}
    inner: JsonObject = {"combinator": "and", "rules": [{"field": "", **_comparison(test)}]}
    return {"field": field, "operator": "=", "match": {"mode": _MODE_NAME[test.quantifier]}, "value": inner}


def _comparison(test: Test) -> dict[str, Json]:
    if test.operator == "is_null" and isinstance(test.value, bool):
        return {"operator": _NULL_NAME[test.value], "value": None}
    name = _THEIR_NAME.get(test.operator, test.operator)
    if isinstance(test.value, FieldRef):
        other = print_field(test.value.path, length=test.value.length)
        return {"operator": name, "value": other, "valueSource": "field"}
    return {"operator": name, "value": _listed(test.value)}


def _listed(value: Json) -> Json:
    return list(value) if isinstance(value, tuple) else value
