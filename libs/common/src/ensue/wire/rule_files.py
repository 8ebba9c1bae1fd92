"""Rule files: conditions with ids, in any of the forms that people have them. Called by the tools.

A rule is a trigger document (its id is `id`, else its name), `{"id", "where"}` or `{"id", "pattern"}` with an
EventBridge pattern over the raw event. A file is YAML, one JSON document, or JSON lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.dialects.eventbridge import PatternNode, parse_pattern
from ensue.core.conditions.dialects.faults import DialectInvalid
from ensue.core.conditions.dialects.pattern_printer import print_pattern
from ensue.core.conditions.tree import Condition, Pattern
from ensue.core.errors import EnsueError
from ensue.core.json import Json
from ensue.core.trigger import EventWhen
from ensue.wire.conditions import parse_condition
from ensue.wire.document_files import BYTE_ORDER_MARK, iter_documents, read_line
from ensue.wire.documents import parse_trigger
from ensue.wire.fault_lines import worded, worded_faults, worded_syntax
from ensue.wire.faults import DocumentInvalid, Fault, Faults
from ensue.wire.sections import refuse_unstorable, storable
from ensue.wire.source_document import FileInvalid, SourceDocument

LINE_SUFFIXES: Final = frozenset({".jsonl", ".ndjson"})
MAX_SHOWN: Final = 100
_OF_TRIGGERS: Final = frozenset({"name", "when", "then"})
_NO_RULE: Final = Fault("", "is not a rule", "a trigger, {id, where} or {id, pattern}")
Params = Mapping[str, type[BaseModel]]


@dataclass(frozen=True, slots=True)
class FileRule:
    """One rule. `test` is a condition over an event, or a pattern over the raw document.

    when: which events a trigger listens to; None for all. tenant: whose events; None for all.
    context: the calendars that its condition may name.
    """

    rule_id: str
    test: Condition | PatternNode
    when: EventWhen | None = None
    tenant: str | None = None
    enabled: bool = True
    context: Context = NO_CONTEXT


class RulesInvalid(EnsueError):
    """A rule file is wrong; `lines` say where and why, `file:line:column: pointer message`."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines[:MAX_SHOWN]))


def read_rules(path: Path, content: bytes, params: Params, context: Context = NO_CONTEXT) -> list[FileRule]:
    """The rules of a file; RulesInvalid has everything that is wrong with it."""
    wrong: list[str] = []
    rules: list[FileRule] = []
    seen: set[str] = set()
    try:
        for index, source in enumerate(sources_of(path, content)):
            rule = _read(source, index, path, (params, context), wrong)
            if rule is not None and rule.rule_id in seen:
                wrong.append(worded(path, source.place_of("/id"), "/id", f"stands twice: {rule.rule_id[:100]}"))
            elif rule is not None:
                seen.add(rule.rule_id)
                rules.append(rule)
    except FileInvalid as invalid:
        wrong.append(worded(path, invalid.fault.place, "", invalid.fault.message))
    if wrong:
        raise RulesInvalid(wrong)
    return rules


def sources_of(path: Path, content: bytes) -> Iterator[SourceDocument]:
    """The documents of a file, whatever its form; FileInvalid where it cannot be read any further."""
    suffix = path.suffix.lower()
    content = content.removeprefix(BYTE_ORDER_MARK)
    if suffix in LINE_SUFFIXES or _is_lines(content):
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                yield read_line(line, number)
    else:
        yield from iter_documents(content, is_json=suffix == ".json")


def _is_lines(content: bytes) -> bool:
    """Whether the second line begins an object of its own, as in JSON lines only."""
    first, _, rest = content.lstrip().partition(b"\n")
    return first.startswith(b"{") and first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")


def _read(
    source: SourceDocument, index: int, path: Path, known: tuple[Params, Context], wrong: list[str]
) -> FileRule | None:
    wrong += worded_syntax(path, source)
    if source.value is None and source.faults:
        return None
    try:
        return rule_of(source.value, index, *known)
    except DocumentInvalid as invalid:
        wrong += worded_faults(path, source, invalid.faults)
    return None


def rule_of(document: Json, index: int, params: Params, context: Context = NO_CONTEXT) -> FileRule:
    """The rule that a document writes down; DocumentInvalid has all that is wrong. `index` names one without a name."""
    if not isinstance(document, Mapping):
        raise DocumentInvalid([_NO_RULE])
    rule_id = document.get("id", document.get("name", str(index)))
    rest = {name: value for name, value in document.items() if name != "id"}
    if not isinstance(rule_id, (str, int)) or isinstance(rule_id, bool) or rule_id == "":
        raise DocumentInvalid([Fault("/id", "is not an id", "a text")])
    if rest.keys() == {"pattern"}:
        return FileRule(str(rule_id), _pattern(rest["pattern"]))
    if rest.keys() == {"where"}:
        return FileRule(str(rule_id), _where(rest["where"], context), context=context)
    if rest.keys().isdisjoint(_OF_TRIGGERS):
        raise DocumentInvalid([_NO_RULE])
    return replace(_trigger(rest, params, context), rule_id=str(rule_id))


def condition_of(rule: FileRule) -> Condition:
    """The condition of a rule; of a bare pattern, the leaf that holds it (it then sees what an Ensue event has)."""
    return Pattern(print_pattern(rule.test)) if isinstance(rule.test, PatternNode) else rule.test


def _trigger(document: Mapping[str, Json], params: Params, context: Context) -> FileRule:
    parsed = parse_trigger(document, action_params=params, context=context)
    return FileRule(parsed.name, parsed.where, parsed.when, parsed.project, parsed.enabled, context)


def _pattern(document: Json) -> PatternNode:
    refused = Faults()
    refuse_unstorable(document, refused, "/pattern")
    refused.raise_any()
    try:
        return parse_pattern(document)
    except DialectInvalid as invalid:
        faults = [Fault(f"/pattern{fault.pointer}", fault.message, fault.expected) for fault in invalid.faults]
        raise DocumentInvalid(faults) from None


def _where(document: Json, context: Context) -> Condition:
    refused, faults = Faults(), Faults()
    refuse_unstorable(document, refused, "/where")
    condition = parse_condition(storable(document) if refused else document, "/where", faults, context)
    refused.with_others(faults).raise_any()
    return condition
