"""pattern: an EventBridge pattern over the event, `{"pattern": {"source": [...], "data": {...}}}`.

A pattern sees the event as an object with type, source, subject, time, id, entity_type (where the event has them) and
data. `detail-type` and `detail` are other names of type and data, so that a pattern written for EventBridge reads ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from ensue.core.conditions.dialects.eventbridge import FieldPattern, Path, PatternNode, parse_pattern
from ensue.core.conditions.dialects.faults import DialectInvalid, step
from ensue.core.conditions.dialects.pattern_keys import necessary
from ensue.core.conditions.dialects.pattern_match import compile_pattern, leaves_at
from ensue.core.conditions.dialects.pattern_printer import print_matcher
from ensue.core.conditions.explanation import Explanation
from ensue.core.conditions.fields import ATTRIBUTES, DATA
from ensue.core.conditions.keys import Needed
from ensue.core.conditions.leaf import LeafFault, LeafKind
from ensue.core.conditions.leaf import Matcher as EventMatcher
from ensue.core.conditions.tree import Pattern
from ensue.core.event import Event
from ensue.core.json import Json

OTHER_NAMES: Final[Mapping[str, str]] = {"detail-type": "type", "detail": DATA}
MAX_SHOWN: Final = 20


def seen_by_patterns(event: Event) -> dict[str, Json]:
    """The event as a pattern sees it."""
    seen: dict[str, Json] = {DATA: event.data, "detail": event.data}
    for name, read in ATTRIBUTES.items():
        value = read(event)
        if value is not None:
            seen[name] = value
    seen["detail-type"] = event.type
    return seen


def _parse(value: Json) -> Pattern | tuple[LeafFault, ...]:
    try:
        parse_pattern(value)
    except DialectInvalid as invalid:
        return tuple(LeafFault(fault.pointer, fault.message, fault.expected) for fault in invalid.faults)
    if not isinstance(value, Mapping):  # parse_pattern has refused it
        return (LeafFault("", "is not an object"),)
    unknown = [name for name in _roots(value) if name not in (*ATTRIBUTES, DATA, *OTHER_NAMES)]
    expected = ", ".join((*ATTRIBUTES, DATA, *OTHER_NAMES))
    faults = [LeafFault(_place(name, value), f"reads {name}, which no event has", expected) for name in unknown]
    return tuple(faults) or Pattern(value)


def _place(name: str, document: Mapping[str, Json]) -> str:
    """Where a root is written; one that stands within a `$or` is said to be the pattern's."""
    return step("", name) if name in document else ""


def _roots(document: Mapping[str, Json]) -> Iterator[str]:
    """The first names of all paths, in the order of writing, also those within a `$or`."""
    yield from dict.fromkeys(path[0] for path in parse_pattern(document).paths())


def _compile(leaf: Pattern) -> EventMatcher:
    matches = compile_pattern(parse_pattern(leaf.document))
    return lambda event, _: matches(seen_by_patterns(event))


def _keys(leaf: Pattern) -> Needed | None:
    return necessary(parse_pattern(leaf.document), _own)


def _own(path: Path) -> Path | None:
    """The place in our event that a path reads: an attribute, or one in data; None if it leads into a text."""
    own = (OTHER_NAMES.get(path[0], path[0]), *path[1:])
    return own if (own[0] == DATA) is (len(own) > 1) else None


def _english(leaf: Pattern) -> str:
    return f"the event matches the pattern {json.dumps(leaf.document, ensure_ascii=False)}"


def _explain(leaf: Pattern, event: Event, now: datetime) -> Explanation:
    return explain_pattern(parse_pattern(leaf.document), seen_by_patterns(event), _english(leaf))


def explain_pattern(node: PatternNode, seen: Mapping[str, Json], sentence: str) -> Explanation:
    """Every field of a pattern with what it found in a document, which a pattern leaf sees of an event."""
    verdict = compile_pattern(node)(seen)
    members = tuple(_explain_field(field, seen) for field in _fields(node))
    note = None
    if not verdict and all(member.verdict for member in members) and not node.either:
        note = "each field matches, but not within the same element of an array"
    return Explanation("pattern", verdict, sentence, members=members, note=note)


def _fields(node: PatternNode) -> Iterator[FieldPattern]:
    yield from node.fields
    for choices in node.either:
        for choice in choices:
            yield from _fields(choice)


def _explain_field(field: FieldPattern, seen: Mapping[str, Json]) -> Explanation:
    verdict = compile_pattern(PatternNode((field,)))(seen)
    actual = tuple(leaves_at(seen, field.path))[:MAX_SHOWN]
    name = ".".join(field.path)
    wanted: list[Json] = [print_matcher(matcher) for matcher in field.matchers]
    sentence = f"{name} matches {json.dumps(wanted, ensure_ascii=False)}"
    return Explanation(
        "test",
        verdict,
        sentence,
        field=name,
        operator="pattern",
        wanted=wanted,
        actual=actual,
        note=None if actual else "the field is missing",
    )


LEAF: Final = LeafKind(
    name="pattern",
    type=Pattern,
    parse=_parse,
    document=lambda leaf: leaf.document,
    compile=_compile,
    keys=_keys,
    english=_english,
    explain=_explain,
)
