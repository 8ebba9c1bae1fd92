"""Explanations for people and programs: whether a trigger fires for an event, as lines of text and as JSON.

Called by `ensue explain`, by `ensue.testing.match` for the message of a failed assertion, and by trigger-api.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ensue.core.conditions.context import NO_CONTEXT, Context
from ensue.core.conditions.dialects.eventbridge import PatternNode
from ensue.core.conditions.english import english
from ensue.core.conditions.explain import decided, explain, nearest_miss
from ensue.core.conditions.explanation import Explanation
from ensue.core.conditions.leaf_kinds.pattern import explain_pattern
from ensue.core.conditions.match import compile_condition
from ensue.core.errors import EnsueError
from ensue.core.event import Event
from ensue.core.instants import floor_to_millisecond, text_of
from ensue.core.json import Json, JsonObject
from ensue.core.lineage import may_fire
from ensue.core.trigger import EventWhen, Trigger
from ensue.wire.fault_lines import printable
from ensue.wire.rule_files import FileRule, condition_of

MAX_VALUE: Final = 200
MAX_ACTUAL: Final = 500


@dataclass(frozen=True, slots=True)
class Check:
    """One thing, beside the condition, that decides whether an event concerns a trigger. `message`: why it does not."""

    name: str
    passed: bool
    message: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a rule did or did not match: what it listens to, and its condition.

    reasons: why the event never came to the condition (another type, another entity, a trigger that is off).
    nearest: the fewest tests that would have had to come out the other way; empty where it matches.
    checks: of a trigger that is in force, all that `decide` asks before and after its condition.
    """

    rule_id: str
    matches: bool
    reasons: tuple[str, ...]
    where: Explanation
    nearest: tuple[Explanation, ...]
    checks: tuple[Check, ...] = ()


def explain_rule(rule: FileRule, event: Event, now: datetime, document: Mapping[str, Json] | None = None) -> Explained:
    """Why a rule does or does not match an event, decided at `now`.

    document: the event as it is written, which a bare pattern is over, as in `ensue match`; without it, it sees of the
        event what a pattern leaf sees.
    """
    reasons = tuple(_reasons(rule, event))
    condition = condition_of(rule)
    if document is not None and isinstance(rule.test, PatternNode):
        where = decided(explain_pattern(rule.test, document, english(condition)))
    else:
        where = explain(condition, event, now, rule.context)
    nearest = () if where.verdict else nearest_miss(where)
    return Explained(rule.rule_id, where.verdict and not reasons, reasons, where, nearest)


def explain_trigger(trigger: Trigger, event: Event, now: datetime, context: Context = NO_CONTEXT) -> Explained:
    """Why a trigger does or does not fire for an event whose record was appended at `now`; as `decide` decides."""
    checks = tuple(_checks(trigger, event, now))
    try:
        where = explain(trigger.where, event, now, context)
    except EnsueError as error:  # a name that this context does not know
        where = Explanation("condition", verdict=False, sentence=english(trigger.where), note=str(error))
    reasons = [check.message for check in checks if not check.passed]
    try:
        verdict = compile_condition(trigger.where, context)(event, now)
    except Exception as error:  # noqa: BLE001  # as in `decide`: whatever it is, the trigger does not fire
        verdict = False
        reasons.append(f"its condition has no verdict: {error}")
    nearest = () if where.verdict else nearest_miss(where)
    return Explained(str(trigger.trigger_id), verdict and not reasons, tuple(reasons), where, nearest, checks)


def to_json(explained: Explained) -> JsonObject:
    """All of it, for programs."""
    shown: dict[str, Json] = {
        "id": explained.rule_id,
        "matches": explained.matches,
        "reasons": list(explained.reasons),
        "where": _node_json(explained.where),
        "nearest_miss": [_node_json(test) for test in explained.nearest],
    }
    if explained.checks:
        shown["checks"] = [_check_json(check) for check in explained.checks]
    return shown


def read_json(answer: JsonObject) -> Explained:
    """The explanation that `to_json` wrote, as an answer of the API holds it; what is not there is empty."""
    reasons, nearest = answer.get("reasons"), _objects(answer.get("nearest_miss"))
    where = answer.get("where")
    return Explained(
        rule_id=str(answer.get("id", "")),
        matches=answer.get("matches") is True,
        reasons=tuple(map(str, reasons)) if isinstance(reasons, (list, tuple)) else (),
        where=_node_of(where if isinstance(where, Mapping) else {}),
        nearest=tuple(map(_node_of, nearest)),
    )


def to_lines(explained: Explained) -> Iterator[str]:
    """All of it as plain text, two spaces a level."""
    yield f"{printable(explained.rule_id)}: {'matches' if explained.matches else 'does not match'}"
    for reason in explained.reasons:
        yield f"  no: {printable(reason)}"
    yield from _node_lines(explained.where, 1)
    if explained.nearest:
        yield "nearest miss: " + " and ".join(miss(test) for test in explained.nearest)


def sentence_of(node: Explanation) -> str:
    """One node in a line: what it asks, and what was there."""
    parts = [node.sentence]
    if node.field is not None and node.actual:
        parts.append(f"actual {actual_of(node)}")
    if node.note is not None:
        parts.append(node.note)
    return printable("; ".join(parts))


def miss(test: Explanation) -> str:
    """A test that would have had to come out the other way."""
    was = f"was {actual_of(test)}" if test.actual else test.note or "was false"
    return printable(f"{test.sentence} ({was})")


def actual_of(node: Explanation) -> str:
    """The values that were there, shortened."""
    text = ", ".join(json.dumps(value, ensure_ascii=False) for value in node.actual)
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}..."


def _reasons(rule: FileRule, event: Event) -> Iterator[str]:
    if not rule.enabled:
        yield "the trigger is not enabled"
    if rule.tenant not in (None, event.tenant):
        yield f"the event is of project {event.tenant}, the trigger of {rule.tenant}"
    when: EventWhen | None = rule.when
    if when is None:
        return
    if event.type not in when.types:
        yield f"the event's type is {event.type or 'not given'}, the trigger listens to {', '.join(when.types)}"
    if when.entity_type not in (None, event.entity_type):
        yield f"the event's entity type is {event.entity_type or 'not given'}, the trigger's {when.entity_type}"


def _checks(trigger: Trigger, event: Event, now: datetime) -> Iterator[Check]:
    """All that `decide` asks beside the condition, with what it says where it is not so."""
    when, since, limit = trigger.when, floor_to_millisecond(trigger.active_since), trigger.brakes.max_chain_depth
    theirs, mine, depth = event.tenant, trigger.tenant, event.lineage.depth
    yield Check("project", theirs == mine, f"the event is of project {theirs}, the trigger of {mine}")
    heard = f"the event's type is {event.type}, the trigger listens to {', '.join(when.types)}"
    yield Check("type", event.type in when.types, heard)
    entity = f"the event's entity type is {event.entity_type or 'not given'}, the trigger's {when.entity_type}"
    yield Check("entity_type", when.entity_type in (None, event.entity_type), entity)
    yield Check("enabled", trigger.enabled, "the trigger is not enabled")
    late = f"the event is of {text_of(now)}, the trigger listens since {text_of(since)}"
    yield Check("active_since", now >= since, late)
    aimed = not event.targets or trigger.trigger_id in event.targets
    yield Check("targets", aimed, "the event is a replay for other triggers")
    deep = f"the event's depth {depth} is not below the trigger's max_chain_depth {limit}"
    yield Check("depth", may_fire(depth, limit), deep)


def _check_json(check: Check) -> JsonObject:
    return {"check": check.name, "passed": check.passed, "message": None if check.passed else check.message}


def _node_lines(node: Explanation, level: int) -> Iterator[str]:
    mark = "yes" if node.verdict else "no"
    yield f"{'  ' * level}{mark}: {sentence_of(node)}"
    for member in node.members:
        yield from _node_lines(member, level + 1)


def _node_json(node: Explanation) -> JsonObject:
    members: list[Json] = [_node_json(member) for member in node.members]
    shown: dict[str, Json] = {"kind": node.kind, "verdict": node.verdict, "decided": node.decided}
    shown["sentence"] = node.sentence
    if node.field is not None:
        actual = [_brief(value) for value in node.actual]
        shown |= {"field": node.field, "operator": node.operator, "wanted": node.wanted, "actual": actual}
        if any(brief is not value for brief, value in zip(actual, node.actual, strict=True)):
            shown["shortened"] = True
    if node.quantifier is not None:
        shown["quantifier"] = node.quantifier
    if node.note is not None:
        shown["note"] = node.note
    return {**shown, "members": members} if members else shown


def _node_of(shown: JsonObject) -> Explanation:
    actual, field, note = shown.get("actual"), shown.get("field"), shown.get("note")
    return Explanation(
        kind=str(shown.get("kind", "")),
        verdict=shown.get("verdict") is True,
        sentence=str(shown.get("sentence", "")),
        decided=shown.get("decided") is True,
        members=tuple(map(_node_of, _objects(shown.get("members")))),
        field=None if field is None else str(field),
        actual=tuple(actual) if isinstance(actual, (list, tuple)) else (),
        note=None if note is None else str(note),
    )


def _objects(value: Json) -> list[JsonObject]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, (list, tuple)) else []


def _brief(value: Json) -> Json:
    """A value that was there; in place of a large one its beginning, or how large it is."""
    if isinstance(value, str):
        return value if len(value) <= MAX_ACTUAL else f"{value[:MAX_ACTUAL]}..."
    if not isinstance(value, (Mapping, list, tuple)) or _is_small(value):
        return value
    return f"an {'object' if isinstance(value, Mapping) else 'array'} with {len(value)} members"


def _is_small(value: Json) -> bool:
    """Whether a value has at most MAX_ACTUAL characters and members in all; looks no further than that."""
    left, waiting = MAX_ACTUAL, [value]
    while waiting and left >= 0:
        each = waiting.pop()
        if isinstance(each, str):
            left -= len(each)
        elif isinstance(each, Mapping):
            left -= len(each) + sum(map(len, each)) if len(each) <= left else left + 1
            waiting.extend(each.values() if left >= 0 else ())
        elif isinstance(each, (list, tuple)):
            left -= len(each)
            waiting.extend(each if left >= 0 else ())
    return left >= 0
