"""Conditions as SQL over the event journal: PostgreSQL takes just the rows that the matcher takes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.conditions.journal import Journal
from tests.support.condition_strategies import CONDITIONS, EVENTS
from tests.support.condition_table import CASES, CONTEXT, NOW, condition_of, event_of

from ensue.core.conditions.match import compile_condition
from ensue.core.conditions.sql import where
from ensue.core.event import Event

pytestmark = pytest.mark.timeout(300)


def table_events() -> list[Event]:
    """Every event of the table, once."""
    return [event_of(words) for words in {repr(case.event): case.event for case in CASES}.values()]


@pytest.mark.requirement("R3.12", "R3.13")
async def test_every_condition_of_the_table_takes_from_all_its_events_what_the_matcher_takes(journal: Journal) -> None:
    events = table_events()
    await journal.keep(events, NOW)
    for document in {repr(case.condition): case.condition for case in CASES}.values():
        await _agree(journal, document, events)


async def _agree(journal: Journal, document: object, events: list[Event]) -> None:
    condition = condition_of(document)
    matches = compile_condition(condition, CONTEXT)
    wanted = {number for number, event in enumerate(events) if matches(event, NOW)}
    asked = where(condition, context=CONTEXT)
    taken = await journal.taken(asked)
    assert taken == wanted if asked.exact else taken >= wanted, document


@pytest.mark.requirement("R3.12")
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[*HealthCheck])
@given(st.lists(CONDITIONS, min_size=8, max_size=8), st.lists(EVENTS, min_size=12, max_size=12))
async def test_random_conditions_take_from_random_events_what_the_matcher_takes(
    journal: Journal, documents: list[dict[str, object]], words: list[dict[str, object]]
) -> None:
    events = [event_of(event) for event in words]
    await journal.clear()
    await journal.keep(events, NOW)
    for document in documents:
        await _agree(journal, document, events)
