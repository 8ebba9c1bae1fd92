"""Named queries: wrong files are refused when they are loaded, not when a query is first used."""

from __future__ import annotations

import pytest

from ensue.core.errors import InvalidValue
from ensue.postgres.queries import Queries

TWO = """-- The statements of a sample.

-- name: first
SELECT 1; -- one

-- name: second_2
SELECT 2
  FROM {schema}.thing;
"""


def test_statements_are_found_by_name() -> None:
    queries = Queries(TWO, "sample")
    assert list(queries) == ["first", "second_2"]
    assert queries["second_2"] == "SELECT 2\n  FROM {schema}.thing"


def test_a_schema_is_filled_in_and_must_be_a_name() -> None:
    assert Queries(TWO, "sample").within("dispatch")["second_2"].endswith("FROM dispatch.thing")
    with pytest.raises(InvalidValue, match="not the name of a schema"):
        Queries(TWO, "sample").within("x; DROP TABLE y")


def test_a_name_that_is_not_there_names_the_file() -> None:
    with pytest.raises(KeyError, match="sample has no query named 'frist'"):
        Queries(TWO, "sample")["frist"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-- name: a\nSELECT 1\n-- name: a\nSELECT 2", "two queries named 'a'"),
        ("-- name: a\n-- nothing\n", "'a' is empty"),
        ("-- name: a", "'a' is empty"),
        ("-- name: Claim Actions\nSELECT 1", "lower case"),
        ("-- name:\nSELECT 1", "lower case"),
        ("SELECT 0;\n-- name: a\nSELECT 1", "before the first"),
    ],
)
def test_a_wrong_file_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        Queries(text, "sample")


def test_the_shipped_files_load() -> None:
    assert "enqueue" in Queries.load("ensue.postgres", "outbox_queries.sql")
    assert "create_roles" in Queries.load("ensue.postgres", "bootstrap.sql")
