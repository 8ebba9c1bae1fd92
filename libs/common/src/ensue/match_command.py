"""`ensue match --rules F --events F`: which rules match which events, on files alone, without any server.

Loaded by `ensue.cli` through the entry-point group `ensue.commands`. Exit 0 done, 2 a file is wrong.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from ensue.actions.registry import PARAMS
from ensue.core.conditions.context import Context
from ensue.core.conditions.dialects.eventbridge import PatternNode
from ensue.core.conditions.match import compile_condition
from ensue.core.conditions.tree import All, Test
from ensue.core.errors import EnsueError, InvalidValue
from ensue.core.event import Event
from ensue.exits import ExitCode
from ensue.files import STDIN, read_content, unreadable
from ensue.matching.candidates import Candidates, Named
from ensue.matching.engine import Engine
from ensue.matching.patterns import rule_of
from ensue.matching.rules import Rule
from ensue.matching.tier import collecting_nothing
from ensue.runtime.clock import Clock, SystemClock
from ensue.wire.calendar_files import read_calendars
from ensue.wire.fault_lines import worded
from ensue.wire.rule_files import FileRule, RulesInvalid, condition_of, read_rules
from ensue.wire.sample_events import EventsInvalid, SampleEvent, event_of, read_events

_RSS_UNIT: Final = 1024 * 1024 if sys.platform == "darwin" else 1024  # getrusage counts bytes there, else kilobytes


def match(
    rules: Annotated[
        Path,
        typer.Option(help="Rules: triggers, {id, where} or {id, pattern}; YAML, JSON, JSON lines; - reads the input."),
    ],
    events: Annotated[Path, typer.Option(help="Events: JSON lines, JSON or YAML; - reads JSON lines from the input.")],
    *,
    calendars: Annotated[Path | None, typer.Option(help="A file of calendars that conditions name.")] = None,
    dump: Annotated[bool, typer.Option("--dump", help="One JSON line an event, in order: its index and ids.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, as without it.")] = False,
) -> None:
    """Match events against rules. Without --dump one JSON object of counts and speed."""
    clock = SystemClock()
    read = read_files(rules, events, read_calendars(calendars))
    if read is None:
        raise typer.Exit(ExitCode.INVALID)
    found_rules, found_events = read
    gc.freeze()  # what is read lives to the end, as what is built of it
    start = clock.monotonic()
    with collecting_nothing():
        matcher = build(found_rules, clock)
    built = clock.monotonic() - start
    gc.freeze()
    if dump:
        for index, event in enumerate(found_events):
            print(json.dumps({"index": index, "ids": sorted(matcher.find(event))}, ensure_ascii=False))
        return
    start = clock.monotonic()
    matches = sum(len(matcher.find(event)) for event in found_events)
    seconds = clock.monotonic() - start
    report = {
        "rules": len(found_rules),
        "events": len(found_events),
        "matches": matches,
        "build_seconds": round(built, 6),
        "events_per_second": round(len(found_events) / seconds) if seconds > 0 else 0,
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _RSS_UNIT, 1),
        "unindexed": matcher.unindexed,
    }
    print(json.dumps(report, indent=2 if as_json else None))


def read_files(rules: Path, events: Path, context: Context) -> tuple[list[FileRule], list[SampleEvent]] | None:
    """What both files hold; None once what is wrong with them has been said on stderr."""
    wrong: list[str] = []
    found_rules: list[FileRule] = []
    found_events: list[SampleEvent] = []
    if rules == events == STDIN:
        raise InvalidValue("rules and events cannot both be read from the input; name a file for one of them")
    try:
        with collecting_nothing():
            found_rules = read_rules(rules, read_content(rules), PARAMS, context)
    except RulesInvalid as invalid:
        wrong += invalid.lines
    except OSError as error:
        wrong.append(worded(rules, None, "", unreadable(error)))
    attributes = bool(wrong) or any(not isinstance(rule.test, PatternNode) for rule in found_rules)
    try:
        with collecting_nothing():
            found_events = read_events(events, read_content(events), attributes=attributes)
    except EventsInvalid as invalid:
        wrong += invalid.lines
    except OSError as error:
        wrong.append(worded(events, None, "", unreadable(error)))
    for line in wrong:
        print(line, file=sys.stderr)
    return None if wrong else (found_rules, found_events)


class RuleMatcher:
    """Rules made ready: patterns in one engine, conditions in another, whose candidates are asked themselves."""

    def __init__(self, rules: Sequence[FileRule], clock: Clock) -> None:
        self._clock = clock
        patterns = [rule for rule in rules if isinstance(rule.test, PatternNode)]
        conditions = [rule for rule in rules if rule.enabled and not isinstance(rule.test, PatternNode)]
        self._patterns = Engine.of(map(_pattern_rule, patterns)) if patterns else None
        self._conditions = Candidates.of(map(_named, conditions)) if conditions else None
        self._ready = {rule.rule_id: (rule, compile_condition(condition_of(rule), rule.context)) for rule in conditions}

    @property
    def unindexed(self) -> int:
        """How many rules are asked about every event, because no index leads to them."""
        return sum(each.unindexed for each in (self._patterns, self._conditions) if each is not None)

    def find(self, event: SampleEvent) -> list[str]:
        """The ids of the rules that match."""
        found: list[str] = []
        if self._patterns is not None:
            found = self._patterns.match(event.raw)  # type: ignore[assignment]  # built of rules whose ids are texts
        return found if self._conditions is None else [*found, *self._holding(self._conditions, event)]

    def _holding(self, candidates: Candidates, event: SampleEvent) -> Iterator[str]:
        one = event_of(event.document)
        now = one.time or self._clock.now()
        for rule_id in candidates.find(one):
            rule, matcher = self._ready[str(rule_id)]
            try:
                if _listens(rule, one) and matcher(one, now):
                    yield rule.rule_id
            except EnsueError:  # a condition without a verdict harms its own rule only
                continue


def build(rules: Sequence[FileRule], clock: Clock) -> RuleMatcher:
    """The matcher of the rules of a file."""
    return RuleMatcher(rules, clock)


def _listens(rule: FileRule, event: Event) -> bool:
    if rule.when is None:
        return True
    return rule.when.admits(event) and rule.tenant in (None, event.tenant)


def _pattern_rule(rule: FileRule) -> Rule:
    if not isinstance(rule.test, PatternNode):
        raise TypeError(f"{rule.rule_id} is no pattern")
    return rule_of(rule.rule_id, rule.test)


def _named(rule: FileRule) -> Named:
    condition = condition_of(rule)
    if rule.when is not None:
        condition = All((Test(("type",), "in", list(rule.when.types)), condition))
    return rule.rule_id, condition
