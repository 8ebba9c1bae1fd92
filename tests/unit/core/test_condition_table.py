"""The language-neutral table of conditions, run through the matcher."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ensue.core.conditions.match import matches
from ensue.core.conditions.registry import OPERATORS
from ensue.core.event import Event
from ensue.wire.cloudevents import decode_record
from ensue.wire.conditions import parse_condition
from ensue.wire.faults import Faults

TABLE = Path(__file__).parents[2] / "cases" / "conditions.json"
CASES: list[dict[str, Any]] = json.loads(TABLE.read_text())["cases"]
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ATTRIBUTES = {"type": "variant.approved", "source": "/studio", "id": "1", "specversion": "1.0"}


def event_of(case: dict[str, Any]) -> Event:
    """The event that a case words, with what it leaves out as the table's own words say."""
    named = {name.replace("_", ""): text for name, text in case["event"].items() if name != "data"}
    headers = [(f"ce_{name}", text.encode()) for name, text in {**ATTRIBUTES, **named}.items()]
    value = json.dumps(case["event"]["data"]).encode() if "data" in case["event"] else None
    return decode_record(headers, value, trusted=False, default_tenant="studio")


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_matcher_gives_the_verdict_of_the_table(case: dict[str, Any]) -> None:
    faults = Faults()
    condition = parse_condition(case["condition"], "", faults)
    faults.raise_any()
    assert matches(condition, event_of(case), NOW) is case["verdict"], case["why"]


def test_every_operator_has_cases_of_both_verdicts() -> None:
    verdicts = Counter((case["condition"].get("op"), case["verdict"]) for case in CASES)
    assert {(name, verdict) for name in OPERATORS for verdict in (True, False)} <= verdicts.keys()


def test_every_case_says_why() -> None:
    assert all(case["why"] for case in CASES)
