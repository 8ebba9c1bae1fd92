"""Conditions over another kind of table than the journal: only the mapping from fields to columns is another."""

from __future__ import annotations

import asyncpg
import pytest
from tests.integration.conditions.journal import Journal
from tests.support.condition_table import CASES, CONTEXT, NOW, condition_of, event_of, leaves_of

from ensue.core.conditions.fields import DATA
from ensue.core.conditions.fields import NOW as INSTANT
from ensue.core.conditions.match import compile_condition
from ensue.core.conditions.sql import where
from ensue.core.conditions.sql_rows import Columns
from ensue.core.conditions.tree import All, Any, Cel, Condition, FieldRef, Not, Pattern
from ensue.core.errors import InvalidValue
from ensue.wire import strict_json

pytestmark = pytest.mark.timeout(300)

# Records as applications have them: no type, no source, no instant of their own.
CONTACTS = Columns(data="attributes", texts={"id": "id", "subject": "email"})
TABLE = "CREATE TABLE contact (number integer, tenant text, id text, email text, attributes jsonb)"


@pytest.fixture
async def contacts(journal: Journal) -> asyncpg.Connection[asyncpg.Record]:
    """A connection that sees an empty table `contact`."""
    await journal.connection.execute(TABLE)
    return journal.connection


async def taken(
    connection: asyncpg.Connection[asyncpg.Record], condition: Condition, *, exact: bool = True
) -> set[int]:
    asked = where(condition, columns=CONTACTS, now=NOW, alias="c", first=2, context=CONTEXT)
    assert asked.exact is exact
    statement = f"SELECT c.number FROM contact AS c WHERE c.tenant = $1 AND {asked.text}"  # noqa: S608  # what is under test
    return {row["number"] for row in await connection.fetch(statement, "studio", *asked.parameters)}


def reads_data_alone(condition: Condition) -> bool:
    """Whether it asks only what a contact has as an event has it: what is in its data, and when it is asked."""
    if any(isinstance(leaf, (Pattern, Cel)) for leaf in all_leaves(condition)):
        return False
    paths = [test.path for test in leaves_of(condition)]
    paths += [test.value.path for test in leaves_of(condition) if isinstance(test.value, FieldRef)]
    return all(path[0] in {DATA, INSTANT} for path in paths)


def all_leaves(condition: Condition) -> list[Condition]:
    match condition:
        case Not(member):
            return all_leaves(member)
        case All(members) | Any(members):
            return [leaf for member in members for leaf in all_leaves(member)]
    return [condition]


@pytest.mark.requirement("R3.12")
async def test_every_condition_on_data_takes_the_contacts_that_the_matcher_takes(
    contacts: asyncpg.Connection[asyncpg.Record],
) -> None:
    conditions = {repr(case.condition): condition_of(case.condition) for case in CASES}
    asked = {text: condition for text, condition in conditions.items() if reads_data_alone(condition)}
    events = [event_of(words) for words in {repr(case.event): case.event for case in CASES}.values()]
    rows = [
        (number, None if event.data is None else strict_json.encode(event.data).decode())
        for number, event in enumerate(events)
    ]
    await contacts.executemany("INSERT INTO contact VALUES ($1, 'studio', 'c', NULL, $2)", rows)
    for text, condition in asked.items():
        matches = compile_condition(condition, CONTEXT)
        wanted = {number for number, event in enumerate(events) if matches(event, NOW)}
        exact = where(condition, columns=CONTACTS, now=NOW, context=CONTEXT).exact
        found = await taken(contacts, condition, exact=exact)
        assert found == wanted if exact else found >= wanted, text
    assert len(asked) > 200


@pytest.mark.requirement("R3.12")
async def test_attributes_are_the_columns_that_the_mapping_names(contacts: asyncpg.Connection[asyncpg.Record]) -> None:
    rows = [(1, "studio", "c1", "ada@example.com"), (2, "studio", "c2", None), (3, "rival", "c1", "ada@example.com")]
    await contacts.executemany("INSERT INTO contact VALUES ($1, $2, $3, $4, '{\"n\": 1}')", rows)
    for document, wanted in (
        ({"field": "id", "op": "eq", "value": "c1"}, {1}),
        ({"field": "subject", "op": "ends_with", "value": ".com"}, {1}),
        ({"field": "subject", "op": "exists", "value": False}, {2}),
        ({"field": "length(id)", "op": "eq", "value": 2}, {1, 2}),
        ({"field": "type", "op": "exists"}, set()),
        ({"field": "time", "op": "exists"}, set()),
        ({"field": "type", "op": "eq", "value": "a"}, set()),
        ({"not": {"field": "type", "op": "eq", "value": "a"}}, {1, 2}),
    ):
        assert await taken(contacts, condition_of(document)) == wanted, document


async def test_equality_is_answered_by_an_index_on_attributes(contacts: asyncpg.Connection[asyncpg.Record]) -> None:
    await contacts.execute(
        "INSERT INTO contact SELECT n, 'studio', n, NULL, jsonb_build_object('city', 'c' || n % 900)"
        " FROM generate_series(1, 20000) AS n"
    )
    await contacts.execute("CREATE INDEX contact_attributes ON contact USING gin (attributes jsonb_path_ops)")
    await contacts.execute("ANALYZE contact")
    asked = where(condition_of({"field": "data.city", "op": "eq", "value": "c7"}), columns=CONTACTS, now=NOW)
    rows = await contacts.fetch(f"EXPLAIN SELECT FROM contact AS e WHERE {asked.text}", *asked.parameters)
    assert "contact_attributes" in "\n".join(row[0] for row in rows)


def test_without_an_instant_of_their_own_rows_are_decided_when_one_says() -> None:
    with pytest.raises(InvalidValue, match="at which instant"):
        where(condition_of({"field": "now", "op": "weekday", "value": ["mon"]}), columns=CONTACTS)


def test_names_of_columns_are_names() -> None:
    for wrong in ({"data": "a; --"}, {"data": "a", "now": "b c"}, {"data": "a", "texts": {"data": "b"}}):
        with pytest.raises(InvalidValue, match="no column or attribute"):
            Columns(**wrong)
