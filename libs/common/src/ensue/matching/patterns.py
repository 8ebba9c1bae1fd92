"""Rules of EventBridge patterns: what `ensue match` and `ensue.testing.matching` build an engine from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ensue.core.conditions.dialects.eventbridge import PatternNode, PatternReader
from ensue.core.conditions.dialects.faults import DialectFault, DialectInvalid, step
from ensue.core.conditions.dialects.pattern_match import DocumentMatcher, compile_pattern
from ensue.core.json import Json
from ensue.matching.rules import Rule, RuleId


def rule_of(rule_id: RuleId, node: PatternNode) -> Rule:
    """The rule of a pattern that is read already."""
    return Rule(rule_id, node.alternatives(), Verifier(node))


def rules_of(patterns: Iterable[tuple[RuleId, Json]]) -> list[Rule]:
    """The rules of patterns, sharing equal parts.

    DialectInvalid has every fault of all that are wrong; the pointer of each begins with the id of its rule.
    """
    read = PatternReader().read
    made: list[Rule] = []
    faults: list[DialectFault] = []
    for rule_id, pattern in patterns:
        try:
            made.append(rule_of(rule_id, read(pattern)))
        except DialectInvalid as invalid:
            place = step("", str(rule_id))
            faults += [DialectFault(place + fault.pointer, fault.message, fault.expected) for fault in invalid.faults]
    if faults:
        raise DialectInvalid(faults)
    return made


class Verifier:
    """Says whether a whole document matches a pattern. The pattern is compiled when first asked: most never are."""

    __slots__ = ("_compiled", "_node")

    def __init__(self, node: PatternNode) -> None:
        self._node = node
        self._compiled: DocumentMatcher | None = None

    def __call__(self, document: Mapping[str, Json]) -> bool:
        if self._compiled is None:
            self._compiled = compile_pattern(self._node)
        return self._compiled(document)
