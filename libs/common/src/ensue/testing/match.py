"""Unit tests for triggers: does this trigger fire for that event? For people who keep triggers in files, in their CI.

    from ensue.testing.match import assert_fires, assert_quiet, load_triggers

    approve = load_triggers("triggers/approve.yaml")["Generate scenes"]

    def test_high_scores_start_scenes():
        assert_fires(approve, {"type": "variant.approved", "data": {"score": 0.9}})
        assert_quiet(approve, {"type": "variant.approved", "data": {"score": 0.1}})

The matcher is the production one. An event is written with whatever attributes matter; the rest is filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ensue.actions.registry import PARAMS
from ensue.core.json import Json
from ensue.wire.calendar_files import read_calendars
from ensue.wire.explained import Explained, explain_rule, to_lines
from ensue.wire.faults import Faults
from ensue.wire.rule_files import FileRule, read_rules, rule_of
from ensue.wire.sample_events import event_of
from ensue.wire.sections import refuse_unstorable

ANY_DAY: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)


def load_triggers(path: str | Path, *, calendars: str | Path | None = None) -> dict[str, FileRule]:
    """The triggers of a file by name; RulesInvalid says, with file, line and column, all that is wrong with it.

    calendars: the file of the calendars that their conditions name; InvalidValue says what is wrong with that.
    """
    file, context = Path(path), read_calendars(None if calendars is None else Path(calendars))
    return {rule.rule_id: rule for rule in read_rules(file, file.read_bytes(), PARAMS, context)}


def explain_match(
    trigger: FileRule | Mapping[str, Json], event: Mapping[str, Json], *, now: datetime | None = None
) -> Explained:
    """Why a trigger (loaded, or as a document) does or does not fire for an event.

    DocumentInvalid where the document or the event is none, or the event holds what JSON cannot.

    now: the instant of the decision; left out, the event's own time, and noon of 1 January 2026 where it has none.
    """
    rule = trigger if isinstance(trigger, FileRule) else rule_of(trigger, 0, PARAMS)
    faults = Faults()
    refuse_unstorable(event, faults)
    faults.raise_any()
    one = event_of(event)
    return explain_rule(rule, one, now or one.time or ANY_DAY)


def fires(trigger: FileRule | Mapping[str, Json], event: Mapping[str, Json], *, now: datetime | None = None) -> bool:
    """Whether a trigger fires for an event."""
    return explain_match(trigger, event, now=now).matches


def assert_fires(
    trigger: FileRule | Mapping[str, Json], event: Mapping[str, Json], *, now: datetime | None = None
) -> None:
    """Fail, saying every test's verdict and the nearest miss, unless the trigger fires."""
    explained = explain_match(trigger, event, now=now)
    if not explained.matches:
        raise AssertionError("\n".join(to_lines(explained)))


def assert_quiet(
    trigger: FileRule | Mapping[str, Json], event: Mapping[str, Json], *, now: datetime | None = None
) -> None:
    """Fail, saying every test's verdict, if the trigger fires."""
    explained = explain_match(trigger, event, now=now)
    if explained.matches:
        raise AssertionError("\n".join(to_lines(explained)))
