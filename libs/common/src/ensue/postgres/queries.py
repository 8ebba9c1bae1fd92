"""SQL lives in `.sql` files beside the code that runs it; each statement has a name. Loaded once, by its module.

-- name: claim_actions
UPDATE dispatch.action SET ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources

from ensue.core.errors import InvalidValue

_NAME = re.compile(r"^--[ \t]*name:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*\Z")


class Queries(Mapping[str, str]):
    """The named statements of one file. Asking for a name that is not there raises KeyError naming the file."""

    def __init__(self, text: str, origin: str) -> None:
        self._origin = origin
        self._statements = _split(text, origin)

    @classmethod
    def load(cls, package: str, file: str = "queries.sql") -> Queries:
        """Read `file` of `package`. A repeated, malformed or empty statement is an error here, not at its first use."""
        text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
        return cls(text, f"{package}/{file}")

    def within(self, schema: str) -> Queries:
        """The same statements with `{schema}` filled in, for SQL that several schemas share."""
        if not _IDENTIFIER.match(schema):
            raise InvalidValue(f"{schema!r} is not the name of a schema")
        filled = Queries("", self._origin)
        filled._statements = {name: text.replace("{schema}", schema) for name, text in self._statements.items()}
        return filled

    def __getitem__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError:
            raise KeyError(f"{self._origin} has no query named {name!r}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)


def _split(text: str, origin: str) -> dict[str, str]:
    before, *parts = _NAME.split(text)
    if _without_comments(before):
        raise InvalidValue(f"{origin} has SQL before the first '-- name:' line")
    statements: dict[str, str] = {}
    for name, statement in zip(parts[::2], parts[1::2], strict=True):
        if not _IDENTIFIER.match(name):
            raise InvalidValue(f"{origin} has a query named {name!r}: lower case letters, digits and _ are right")
        if name in statements:
            raise InvalidValue(f"{origin} has two queries named {name!r}")
        if not _without_comments(statement):
            raise InvalidValue(f"{origin}: query {name!r} is empty")
        statements[name] = statement.strip().removesuffix(";")
    return statements


def _without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*", "", sql).strip()
