"""`ensue match --rules F --events F`: which rules match which events, on files alone, without any server.

Loaded by `ensue.cli` through the entry-point group `ensue.commands`. Exit 0 done, 2 a file is wrong.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ensue.actions.registry import PARAMS
from ensue.core.conditions.analysis.findings import why_unindexed
from ensue.core.conditions.dialects.eventbridge import PatternNode
from ensue.core.conditions.leaf import Matcher
from ensue.core.conditions.match import compile_condition
from ensue.core.errors import EnsueError
from ensue.core.event import Event
from ensue.exits import ExitCode
from ensue.matching.engine import Engine
from ensue.matching.patterns import Verifier
from ensue.matching.rules import Rule
from ensue.matching.tier import collecting_nothing
from ensue.runtime.clock import Clock, SystemClock
from ensue.wire.document_files import FileInvalid
from ensue.wire.rule_files import FileRule, RulesInvalid, read_rules, worded
from ensue.wire.sample_events import SampleEvent, event_of, read_events

Find = Callable[[SampleEvent], list[str]]


def match(
    rules: Annotated[
        Path, typer.Option(help="Rules: triggers, {id, where} or {id, pattern}; YAML, JSON or JSON lines.")
    ],
    events: Annotated[Path, typer.Option(help="Events: JSON lines, JSON or YAML; - reads JSON lines from the input.")],
    *,
    dump: Annotated[bool, typer.Option("--dump", help="One JSON line an event, in order: its index and ids.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, as without it.")] = False,
) -> None:
    """Match events against rules. Without --dump one JSON object of counts and speed."""
    clock = SystemClock()
    read = read_files(rules, events)
    if read is None:
        raise typer.Exit(ExitCode.INVALID)
    found_rules, found_events = read
    start = clock.monotonic()
    matcher = build(found_rules, clock)
    built = clock.monotonic() - start
    gc.collect()
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
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "unindexed": matcher.unindexed,
    }
    print(json.dumps(report, indent=2 if as_json else None))


def read_files(rules: Path, events: Path) -> tuple[list[FileRule], list[SampleEvent]] | None:
    """What both files hold; None once what is wrong with them has been said on stderr."""
    wrong: list[str] = []
    found_rules: list[FileRule] = []
    found_events: list[SampleEvent] = []
    try:
        with collecting_nothing():
            found_rules = read_rules(rules, rules.read_bytes(), PARAMS)
    except RulesInvalid as invalid:
        wrong += invalid.lines
    except OSError as error:
        wrong.append(worded(rules, None, "", f"cannot be read: {error.strerror}"))
    try:
        content = sys.stdin.buffer.read() if str(events) == "-" else events.read_bytes()
        found_events = list(read_events(events, content))
    except FileInvalid as invalid:
        wrong.append(worded(events, invalid.fault.place, "", invalid.fault.message))
    except OSError as error:
        wrong.append(worded(events, None, "", f"cannot be read: {error.strerror}"))
    for line in wrong:
        print(line, file=sys.stderr)
    return None if wrong else (found_rules, found_events)


class RuleMatcher:
    """Rules made ready: patterns in the engine, conditions by the type of event that they listen to."""

    def __init__(self, rules: Sequence[FileRule], clock: Clock) -> None:
        self._clock = clock
        self._patterns = Engine.of(_pattern_rules(rules))
        self._everywhere: list[tuple[FileRule, Matcher]] = []
        self._by_type: dict[str, list[tuple[FileRule, Matcher]]] = {}
        self.unindexed = self._patterns.unindexed
        for rule in rules:
            if rule.enabled and not isinstance(rule.test, PatternNode):
                self.unindexed += why_unindexed(rule.test) is not None
                self._add(rule, compile_condition(rule.test))

    def find(self, event: SampleEvent) -> list[str]:
        """The ids of the rules that match."""
        found = [str(rule_id) for rule_id in self._patterns.match(event.raw)] if len(self._patterns) else []
        if self._everywhere or self._by_type:
            found += self._matching_conditions(event_of(event.document))
        return found

    def _add(self, rule: FileRule, matcher: Matcher) -> None:
        if rule.when is None:
            self._everywhere.append((rule, matcher))
        else:
            for event_type in rule.when.types:
                self._by_type.setdefault(event_type, []).append((rule, matcher))

    def _matching_conditions(self, event: Event) -> Iterable[str]:
        now = event.time or self._clock.now()
        for rule, matcher in (*self._everywhere, *self._by_type.get(event.type, ())):
            if _listens(rule, event):
                try:
                    if matcher(event, now):
                        yield rule.rule_id
                except EnsueError:  # a condition without a verdict harms its own rule only
                    continue


def build(rules: Sequence[FileRule], clock: Clock) -> RuleMatcher:
    """The matcher of the rules of a file."""
    return RuleMatcher(rules, clock)


def _listens(rule: FileRule, event: Event) -> bool:
    if rule.when is None:
        return True
    return rule.when.entity_type in (None, event.entity_type) and rule.tenant in (None, event.tenant)


def _pattern_rules(rules: Iterable[FileRule]) -> Iterable[Rule]:
    for rule in rules:
        if isinstance(rule.test, PatternNode):
            yield Rule(rule.rule_id, rule.test.alternatives(), Verifier(rule.test))
