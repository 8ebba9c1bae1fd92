"""Conditions as SQL over a journal of many events: PostgreSQL finds what they take by its indexes, left to choose."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.conditions.journal import Journal
from tests.support.condition_table import NOW, condition_of

from ensue.core.conditions.match import compile_condition
from ensue.core.conditions.sql import where

MANY = 20_000
# As docs/operating.md has it, of the partition of one day.
INDEX = f"CREATE INDEX CONCURRENTLY ON audit.event_{NOW:%Y%m%d} USING gin (data jsonb_path_ops)"

Document = dict[str, Any]


def field(name: str, op: str, value: object) -> Document:
    return {"field": f"data.{name}", "op": op, "value": value}


BY_INDEX: dict[str, Document] = {
    "equality": field("n", "eq", 1777),
    "in a list": field("team", "in", ["t7", "t8", True]),
    "through an array": field("items.kind", "eq", "k77"),
    "an element of an array": field("tags", "contains", 77),
    "every": {**field("team", "eq", "t7"), "quantifier": "every"},
    "a change": field("state", "changed_to", "s77"),
    "one of several tests": {"all": [field("score", "gt", 0.5), field("team", "eq", "t77")]},
    "each of several branches": {"any": [field("n", "eq", 3), {"all": [field("team", "eq", "t9")]}]},
    "beside a denial": {"all": [{"not": field("n", "eq", 7)}, field("team", "eq", "t7")]},
    "within two denials": {"not": {"any": [{"not": field("team", "eq", "t77")}, field("score", "lt", 0.5)]}},
    "beside what SQL cannot say": {"all": [field("team", "regex", "^t"), field("team", "eq", "t7")]},
}
BY_NONE: dict[str, Document] = {
    "a range": field("score", "gt", 0.98),
    "a denial": {"not": field("n", "eq", 1777)},
    "a branch without equality": {"any": [field("n", "eq", 3), field("score", "gt", 0.98)]},
    "part of a text": field("team", "contains", "t7"),
}


@pytest.mark.requirement("R3.12")
async def test_equality_inside_data_is_found_by_an_index_and_is_what_the_matcher_finds(journal: Journal) -> None:
    await journal.fill(MANY, NOW)
    await journal.connection.execute(INDEX)
    events = await journal.events()
    for what, document in {**BY_INDEX, **BY_NONE}.items():
        asked = where(condition_of(document))
        plan = await journal.plan(asked)
        assert ("Bitmap Index Scan on event_" in plan) is (what in BY_INDEX), (what, asked.text, plan)
        assert ("Seq Scan" in plan) is (what not in BY_INDEX), (what, plan)
        matches = compile_condition(condition_of(document))
        wanted = {number for number, event in events.items() if matches(event, NOW)}
        assert await journal.taken(asked) == wanted, what
        assert 0 < len(wanted) < MANY or what == "a denial", what


@pytest.mark.requirement("R3.12")
@pytest.mark.parametrize(
    "document",
    [
        {"field": "type", "op": "eq", "value": "variant.t7"},
        {"all": [{"field": "type", "op": "in", "value": ["variant.t7", "variant.t8"]}, field("score", "gt", 0.01)]},
        {"pattern": {"type": ["variant.t7"], "data": {"score": [{"numeric": [">", 0.01]}]}}},
    ],
    ids=["a type", "one of two types", "a pattern"],
)
async def test_the_type_is_found_by_an_index_of_the_journal_itself(journal: Journal, document: Document) -> None:
    await journal.fill(MANY, NOW)
    asked = where(condition_of(document))
    plan = await journal.plan(asked, "e.tenant = 'studio' AND e.at >= '2026-01-01'")
    assert "tenant_type_at_idx" in plan, plan
    assert "Seq Scan" not in plan, plan
    matches = compile_condition(condition_of(document))
    wanted = {number for number, event in (await journal.events()).items() if matches(event, NOW)}
    taken = await journal.taken(asked)
    assert taken == wanted if asked.exact else taken >= wanted
    assert len(taken) <= MANY // 50


async def test_who_reads_the_view_of_one_tenant_is_answered_by_the_indexes_too(journal: Journal) -> None:
    await journal.fill(MANY, NOW)
    await journal.connection.execute(INDEX)
    await journal.connection.execute("SET ensue.tenant = 'studio'")
    await journal.connection.execute("SET ROLE ensue_trigger_api")
    by_data = await journal.plan(where(condition_of(BY_INDEX["equality"])), of="audit.v_event")
    assert "_data_idx" in by_data, by_data
    by_type = where(condition_of({"field": "type", "op": "eq", "value": "variant.t7"}))
    assert "tenant_type_at_idx" in (plan := await journal.plan(by_type, "tenant = 'studio'", of="audit.v_event")), plan


def test_a_denial_binds_nothing_for_an_index() -> None:
    assert len(where(condition_of({"not": field("n", "eq", 7)})).parameters) == 2
    assert "@?" not in where(condition_of({"not": field("n", "eq", 7)})).text
