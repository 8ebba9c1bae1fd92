"""react-querybuilder's RuleGroup: what it and our conditions have in common. Used by its reader and its printer.

Read: `rule_group_reader`; written: `rule_group_printer`. The console edits conditions in this form. A rule is a test,
a group with `and` or `or` is `all` or `any`, `not` on a group denies it. Operators that have no counterpart among
react-querybuilder's own stand there by our name, and so do leaves of other dialects: `cel` and `pattern`.

Both directions keep the meaning. A group of one member is that member, so a condition without such groups comes back
as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ensue.core.conditions.tree import All, Any, Condition, Not, Quantifier, Test

THEIRS: Final[Mapping[str, str]] = MappingProxyType({
    "=": "eq", "!=": "neq", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "contains": "contains",
    "beginsWith": "starts_with", "endsWith": "ends_with", "in": "in", "notIn": "not_in", "between": "between",
})  # fmt: skip
DENIED: Final[Mapping[str, str]] = MappingProxyType({
    "doesNotContain": "contains", "doesNotBeginWith": "starts_with", "doesNotEndWith": "ends_with",
    "notBetween": "between",
})  # fmt: skip
NULLS: Final[Mapping[str, bool]] = MappingProxyType({"null": True, "notNull": False})
LISTS: Final = frozenset({"in", "not_in", "between", "in_ci", "not_in_ci"})
MODES: Final[Mapping[str, Quantifier]] = MappingProxyType(
    {"some": Quantifier.ANY, "all": Quantifier.EVERY, "none": Quantifier.NONE}
)
LEAF_FIELD: Final = "event"
MAX_DEPTH: Final = 32


def simplified(condition: Condition) -> Condition:
    """The same condition without groups of one member, which a RuleGroup does not keep."""
    match condition:
        case All(members) | Any(members):
            inner = tuple(simplified(member) for member in members)
            if len(inner) == 1:
                return inner[0]
            return All(inner) if isinstance(condition, All) else Any(inner)
        case Not(member):
            return Not(simplified(member))
    return condition


def is_plain(test: Test) -> bool:
    """Whether a test is one rule without `match`."""
    return test.quantifier is Quantifier.ANY
