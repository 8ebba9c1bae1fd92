"""What PostgreSQL makes of texts, dates and addresses before it compares is what Python makes of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from ipaddress import IPv6Address

import pytest
from tests.integration.conditions.journal import Journal
from tests.support.conditions import NOW, event

from ensue.core.conditions.match import compile_condition
from ensue.core.conditions.sql import where
from ensue.core.conditions.sql_folding import HIGHEST, folded_sql
from ensue.core.conditions.tree import Any, Condition, Not, Test

AT_ONCE = 20_000
SURROGATES = range(0xD800, 0xE000)
# Far beyond the last character that this Python folds; one that folds there would be a new version of Unicode.
CHARACTERS = [chr(code) for code in range(1, HIGHEST + 1) if code not in SURROGATES]


def folding() -> tuple[str, list[object]]:
    """The expression that folds the parameter $1, and the parameters behind it."""
    parameters: list[object] = []

    def shared(value: object, kind: str) -> str:
        if value not in parameters:
            parameters.append(value)
        return f"${parameters.index(value) + 2}::{kind}"

    return folded_sql("$1::text", shared), parameters


@pytest.mark.requirement("R3.12")
async def test_every_character_is_folded_as_python_does(journal: Journal) -> None:
    expression, parameters = folding()
    for start in range(0, len(CHARACTERS), AT_ONCE):
        text = "".join(CHARACTERS[start : start + AT_ONCE])
        folded = await journal.connection.fetchval(f"SELECT {expression}", text, *parameters)
        assert folded == text.casefold()


@pytest.mark.parametrize(
    "text", ["", "Plain ASCII", "Stra\u00dfe, \u0130\n\u1e9e", "\ufb03\ufb03,0", "e\u0301", "\u03a3\u03c2"]
)
async def test_texts_are_folded_whole(journal: Journal, text: str) -> None:
    expression, parameters = folding()
    assert await journal.connection.fetchval(f"SELECT {expression}", text, *parameters) == text.casefold()


async def agree(journal: Journal, conditions: Sequence[Condition], texts: list[str]) -> None:
    """PostgreSQL takes of these texts those that the matcher takes, and fails of none."""
    found = [event({"a": text}) for text in texts]
    await journal.keep(found, NOW)
    for condition in conditions:
        matches = compile_condition(condition)
        assert await journal.taken(where(condition)) == {n for n, each in enumerate(found) if matches(each, NOW)}


async def test_every_day_is_a_date_to_both_or_to_neither(journal: Journal) -> None:
    days = [
        f"{year:04}-{month:02}-{day:02}T00:00:00Z"
        for year in (1000, 1900, 2000, 2023, 2024, 9998)
        for month in (0, 1, 2, 4, 12, 13)
        for day in (0, 1, 28, 29, 30, 31, 32)
    ]
    after = Test(("data", "a"), "after", "1000-01-01T12:00:00Z")
    await agree(journal, [Test(("data", "a"), "before", "2024-02-29T12:00:00Z"), after, Not(after)], days)


async def test_whatever_looks_like_an_address_is_one_to_both_or_to_neither(journal: Journal) -> None:
    chance = random.Random(7)  # noqa: S311  # not for secrets
    groups = ["", "0", "1", "ab", "FFFF", "12345", "g", "1.2.3.4", "1.2.3", "01.2.3.4", "255.255.255.256"]
    texts = [
        ":".join(chance.choices(groups, [6, 6, 6, 6, 6, 1, 1, 2, 1, 1, 1], k=chance.randint(1, 9))) for _ in range(4000)
    ]
    texts += [
        "::",
        "1::",
        "::1",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8",
        "1::8::9",
        "::1%eth0",
        "1.2.3.4\n",
    ]
    conditions = [Test(("data", "a"), "cidr", ["::/0", "0.0.0.0/0"]), Test(("data", "a"), "cidr", "1::/16")]
    assert sum(map(is_address, texts)) > 200
    await agree(journal, conditions, list(dict.fromkeys(texts)))


def is_address(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def test_many_tests_that_ignore_case_share_the_table() -> None:
    one = Test(("data", "a"), "eq_ci", "x")
    alone, many = where(one), where(Any((one,) * 100))
    table = 4
    assert len(many.parameters) - table == 100 * (len(alone.parameters) - table)
